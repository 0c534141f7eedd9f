import { escapeHtml, segment } from '../../components/escape.ts'
import { feedPathAs, projectBadgePath, projectFeedPath } from '../../components/feed-paths.ts'
import { Link, usePublicPath } from '../../components/links.tsx'

interface Props {
  project: string
  /** The farm's address, for texts that a reader copies into another site. */
  url: string
  /** Whether the operator allows other sites to show the matrix in a frame. */
  framed: boolean
}

/** The badge of the project with the texts that show it in a README, and the addresses for feed readers and monitors. */
export function BadgeAndFeeds({ project, url, framed }: Props) {
  const publicPath = usePublicPath()
  const [badge, feed] = [projectBadgePath(project), projectFeedPath(project)]
  const page = `${url}/projects/${segment(project)}`
  const picture = `${url}/matrix.svg?project=${segment(project)}`
  return (
    <details id="badge">
      <summary>Badge and feeds</summary>
      <p>
        <img src={publicPath + badge} alt={`Badge of ${project}`} height="20" />
      </p>
      <dl class="notes">
        <Copied title="Badge in Markdown" text={`[![${project}](${url}${badge})](${page})`} />
        <Copied title="Badge in HTML" text={`<img src="${url}${badge}" alt="${escapeHtml(project)}">`} />
        <Copied title="Matrix as a picture, in Markdown" text={`[![Matrix of ${project}](${picture})](${page})`} />
        {framed && (
          <Copied
            title="Matrix in a frame"
            text={`<iframe src="${url}/embed/matrix?project=${segment(project)}" title="Matrix of ${escapeHtml(project)}" width="100%" height="600"></iframe>`}
          />
        )}
      </dl>
      <p>
        Feeds of what changed: <Link to={feedPathAs(feed, 'atom')}>Atom</Link> ·{' '}
        <Link to={feedPathAs(feed, 'json')}>JSON Feed</Link>. Build monitors:{' '}
        <Link to={`/cctray.xml?project=${segment(project)}`}>cctray.xml</Link>.{' '}
        <Link to={projectBadgePath(project, 'json')}>Badge as JSON for shields.io</Link>.
      </p>
    </details>
  )
}

const Copied = ({ title, text }: { title: string; text: string }) => (
  <>
    <dt>{title}</dt>
    <dd>
      <pre class="command">{text}</pre>
    </dd>
  </>
)
