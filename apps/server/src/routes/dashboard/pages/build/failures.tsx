import type { FailureGroup, FailureGroups } from '@rumpfarm/farm'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'

/** The distinct failures of a build. */
export function DistinctFailures({ buildId, failures }: { buildId: number; failures: FailureGroups }) {
  const { groups, more } = failures
  if (groups.length === 0) return null
  return (
    <>
      <h2>{counted(groups.length, 'distinct failure')}</h2>
      <ScrollFrame label="Distinct failures">
        <table class="list">
          <caption class="hidden-text">One row for each distinct failure of the build</caption>
          <thead>
            <tr>
              <th scope="col">First error</th>
              <th scope="col">Step</th>
              <th scope="col">Jobs</th>
              <th scope="col">First seen</th>
            </tr>
          </thead>
          <tbody>
            {groups.map(group => (
              <FailureRow group={group} buildId={buildId} />
            ))}
          </tbody>
        </table>
      </ScrollFrame>
      {more && <p>The build has further failures. The table shows the {groups.length} failures of the most jobs.</p>}
    </>
  )
}

const cellsShown = 6

function FailureRow({ group, buildId }: { group: FailureGroup; buildId: number }) {
  const { message, step, jobs, hosts, cells, firstBuildId, fromHost } = group
  return (
    <tr>
      <th scope="row" class="message">
        <code>{message}</code>
        {fromHost && <small> (probably the host)</small>}
      </th>
      <td>{step}</td>
      <td>
        {jobs} on {counted(hosts, 'host')}:{' '}
        {cells.slice(0, cellsShown).map(({ jobId, host, arch }, index) => (
          <>
            {index > 0 && ', '}
            <Link to={`/jobs/${jobId}`}>
              {host} {arch}
            </Link>
          </>
        ))}
        {jobs > cellsShown && ', …'}
      </td>
      <td>{firstBuildId === buildId ? 'new' : <Link to={`/builds/${firstBuildId}`}>build {firstBuildId}</Link>}</td>
    </tr>
  )
}
