import type { FailureGroup, FailureGroups } from '@rumpfarm/farm'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'

/** The distinct failures of a build. */
export function DistinctFailures({ buildId, failures }: { buildId: number; failures: FailureGroups }) {
  const { groups, more } = failures
  if (groups.length === 0) return null
  const messages = new Map(groups.map(({ fingerprint, message }) => [fingerprint, message]))
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
              <FailureRow group={group} buildId={buildId} messages={messages} />
            ))}
          </tbody>
        </table>
      </ScrollFrame>
      {more && <p>The build has further failures. The table shows the {groups.length} failures of the most jobs.</p>}
    </>
  )
}

const cellsShown = 6

type Messages = ReadonlyMap<string, string>

function FailureRow({ group, buildId, messages }: { group: FailureGroup; buildId: number; messages: Messages }) {
  const { message, step, jobs, hosts, cells, firstBuildId, fromHost } = group
  return (
    <tr>
      <th scope="row" class="message">
        <code>{message}</code>
        {fromHost && <small> (probably the host)</small>}
        <AlikeGroups group={group} messages={messages} />
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

/** Other rows that are probably the same failure, because they quote the same symbol, and rows that only look like it. */
function AlikeGroups({ group, messages }: { group: FailureGroup; messages: Messages }) {
  const { symbol, sameSymbol, looksLike } = group
  const [similar] = looksLike
  return (
    <>
      {sameSymbol.length > 0 && (
        <small>
          {' '}
          · same symbol as {counted(sameSymbol.length, 'other row')}: <code>{symbol}</code>
        </small>
      )}
      {similar !== undefined && (
        <small>
          {' '}
          · looks like <code>{messages.get(similar)}</code>
          {looksLike.length > 1 && ` and ${counted(looksLike.length - 1, 'other row')}`}
        </small>
      )}
    </>
  )
}
