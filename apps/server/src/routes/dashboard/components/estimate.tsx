import type { QueueEntry } from '@rumpfarm/farm'
import { ClockTime } from './ago.tsx'
import { age, duration } from './times.ts'

const soonMs = 60_000

/** When a waiting job probably starts. */
export function StartTime({
  job: { startsAt, reason },
  at,
}: {
  job: Pick<QueueEntry, 'startsAt' | 'reason'>
  at: Date
}) {
  if (startsAt === null) return <small>unknown</small>
  if (startsAt.getTime() - at.getTime() < soonMs)
    return <>{reason?.code === 'sources' ? 'after the sources are ready' : 'within a minute'}</>
  return (
    <>
      <ClockTime time={startsAt} at={at} /> <small>in {age(at, startsAt)}</small>
    </>
  )
}

type Running = Pick<QueueEntry, 'startedAt' | 'expectedMs' | 'endsAt'>

/** When a running job probably ends. */
export function EndTime({ job: { startedAt, expectedMs, endsAt }, at }: { job: Running; at: Date }) {
  if (expectedMs === null) return <small>unknown, because no earlier run passed</small>
  if (endsAt === null || startedAt === null) return <Late startedAt={startedAt} expectedMs={expectedMs} at={at} />
  return (
    <>
      <ClockTime time={endsAt} at={at} /> <small>in {age(at, endsAt)}</small>
    </>
  )
}

function Late({ startedAt, expectedMs, at }: { startedAt: Date | null; expectedMs: number; at: Date }) {
  if (startedAt === null) return <small>usually takes {duration(expectedMs)}</small>
  const late = at.getTime() - startedAt.getTime() - expectedMs
  return <small>{duration(Math.max(0, late))} ago</small>
}
