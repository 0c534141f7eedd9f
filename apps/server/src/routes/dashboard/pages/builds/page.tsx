import type { BuildSummary } from '@rumpfarm/farm'
import { BuildTable } from '../../components/build-table.tsx'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { SearchForm } from '../../components/search-form.tsx'
import type { Visit } from '../../visit.ts'

export interface BuildsPage {
  visit: Visit
  builds: readonly BuildSummary[]
  /** If set, the page lists only the builds of this project. */
  project: string | undefined
  /** If set, the page lists the builds that this search found. */
  text: string | undefined
  /** Whether the list has the builds of bisections. */
  probes: boolean
  /** The cursor of the next page; undefined on the last page. */
  before: number | undefined
}

export function renderBuildsPage({ visit, builds, project, text, probes, before }: BuildsPage): string {
  const title = project === undefined ? 'Builds' : `Builds of ${project}`
  const query = `${project === undefined ? '' : `project=${segment(project)}&`}${probes ? '' : 'probes=no&'}`
  return renderPage({
    title,
    visit,
    live: true,
    children: (
      <>
        <h1>{title}</h1>
        {project !== undefined && (
          <p>
            <Link to="/builds">All builds</Link> · <Link to={`/projects/${segment(project)}`}>Project {project}</Link>
          </p>
        )}
        <SearchForm to="/builds" label="Build number or commit" text={text} hidden={{ project }} />
        <ProbeChoice project={project} probes={probes} />
        {builds.length === 0 && text ? (
          <p class="empty">
            No build has the number or the commit {text}. A commit needs at least its first 4 characters.{' '}
            <Link to={project === undefined ? '/builds' : `/builds?project=${segment(project)}`}>All builds</Link>
          </p>
        ) : builds.length === 0 ? (
          <p class="empty">
            No builds yet. A push starts a build; so does <code>./farm trigger {project ?? 'PROJECT'}</code>.
          </p>
        ) : (
          <ScrollFrame label={title}>
            <BuildTable builds={builds} at={visit.at} caption={`${title}, newest first`} />
          </ScrollFrame>
        )}
        {before !== undefined && (
          <p>
            <Link rel="next" to={`/builds?${query}before=${before}`}>
              Older builds →
            </Link>
          </p>
        )}
      </>
    ),
  })
}

/** The link that hides or shows the builds of bisections. */
function ProbeChoice({ project, probes }: Pick<BuildsPage, 'project' | 'probes'>) {
  const query = new URLSearchParams({
    ...(project === undefined ? {} : { project }),
    ...(probes ? { probes: 'no' } : {}),
  })
  return (
    <p>
      <Link to={query.size > 0 ? `/builds?${query}` : '/builds'}>
        {probes ? 'Hide the builds of bisections' : 'Show the builds of bisections too'}
      </Link>
    </p>
  )
}
