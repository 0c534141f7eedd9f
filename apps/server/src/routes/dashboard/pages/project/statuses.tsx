import type { StatusView } from '@rumpfarm/farm'
import { statusPath } from '../../../../http/status-path.ts'
import { Ago } from '../../components/ago.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'

interface Props {
  visit: Visit
  project: string
  statuses: readonly StatusView[]
}

/** The statuses that the farm sends to the forges, and the reasons why a forge does not show one. */
export function Statuses({ visit, project, statuses }: Props) {
  const givenUp = statuses.filter(({ gaveUpAt }) => gaveUpAt !== null)
  return (
    <section aria-label="Commit statuses">
      <h2>Commit statuses</h2>
      {givenUp[0]?.problem && (
        <p class="error">
          The farm gave up {counted(givenUp.length, 'status', 'statuses')}. The newest reason: {givenUp[0].problem}.
        </p>
      )}
      {visit.admin && givenUp.length > 0 && (
        <Form class="action" to={`/projects/${segment(project)}/statuses/retry`}>
          <CsrfField visit={visit} />
          <button type="submit">Send these statuses again</button>
        </Form>
      )}
      {statuses.length === 0 ? (
        <p class="empty">No status yet. The next build sends one.</p>
      ) : (
        <details open={givenUp.length > 0}>
          <summary>The newest {counted(statuses.length, 'status', 'statuses')}</summary>
          <StatusTable project={project} statuses={statuses} at={visit.at} />
        </details>
      )}
    </section>
  )
}

const StatusTable = ({ project, statuses, at }: Omit<Props, 'visit'> & { at: Date }) => (
  <ScrollFrame label="Commit statuses">
    <table class="list">
      <caption class="hidden-text">Commit statuses, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Commit</th>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col">Forge</th>
          <th scope="col">Sent</th>
        </tr>
      </thead>
      <tbody>
        {statuses.map(status => (
          <tr>
            <th scope="row">
              <CommitLink project={project} commit={status.commit} />
            </th>
            <td>
              <Link to={statusPath({ ...status, project })}>{status.context}</Link>
            </td>
            <td>
              {status.state}: {status.description}
            </td>
            <td>
              {new URL(status.api).host} {status.repository}
            </td>
            <td>
              <Sending status={status} at={at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)

function Sending({ status: { sent, sentAt, gaveUpAt, problem }, at }: { status: StatusView; at: Date }) {
  if (sent && sentAt !== null) return <Ago from={sentAt} at={at} />
  if (gaveUpAt !== null) return <em class="error">gave up: {problem}</em>
  return problem === null ? <>not yet</> : <em class="error">not yet, retrying: {problem}</em>
}
