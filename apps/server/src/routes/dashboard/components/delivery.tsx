import type { DeliveryOutcome, DeliverySummary } from '@rumpfarm/farm'
import { ClockTime } from './ago.tsx'
import { segment } from './escape.ts'
import { Link } from './links.tsx'
import type { Status } from './status.ts'
import { StatusMark } from './status-mark.tsx'

export const outcomeWords: Record<DeliveryOutcome, string> = {
  waiting: 'waiting',
  retrying: 'retrying',
  built: 'built',
  handled: 'done',
  ignored: 'ignored',
  failed: 'failed',
  refused: 'refused',
  pong: 'ping answered',
}

const marks: Record<DeliveryOutcome, Status> = {
  waiting: 'queued',
  retrying: 'running',
  built: 'passed',
  handled: 'passed',
  ignored: 'cancelled',
  failed: 'failed',
  refused: 'failed',
  pong: 'passed',
}

export const DeliveryOutcomeMark = ({ outcome }: { outcome: DeliveryOutcome }) => (
  <StatusMark status={marks[outcome]}>{outcomeWords[outcome]}</StatusMark>
)

/** The reason of the outcome, and when the farm tries again. */
export const DeliveryReason = ({
  delivery: { reason, outcome, nextAt },
  at,
}: {
  delivery: Pick<DeliverySummary, 'reason' | 'outcome' | 'nextAt'>
  at: Date
}) => (
  <>
    {reason}
    {outcome === 'retrying' && nextAt !== null && (
      <>
        {reason === null ? '' : '. '}
        The farm tries again{' '}
        {nextAt > at ? (
          <>
            at <ClockTime time={nextAt} at={at} />
          </>
        ) : (
          'soon'
        )}
        .
      </>
    )}
  </>
)

/** The projects of a delivery, or its builds. */
export function DeliveryProjects({ delivery: { projects, results } }: { delivery: DeliverySummary }) {
  return (
    <>
      {projects.map(project => {
        const builds = [...new Set(results.flatMap(result => (result.project === project && result.buildId) || []))]
        return (
          <div>
            <Link to={`/projects/${segment(project)}`}>{project}</Link>
            {builds.map(id => (
              <>
                {' '}
                <Link to={`/builds/${id}`}>build {id}</Link>
              </>
            ))}
          </div>
        )
      })}
    </>
  )
}
