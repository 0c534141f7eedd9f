import type { WaitReason } from '@rumpfarm/farm'
import { Since } from './ago.tsx'
import { ClockTime } from './estimate.tsx'
import { Link } from './links.tsx'

/** Why a job waits, with links and times. */
export function WaitText({ reason: { text, since, busyWith, until }, at }: { reason: WaitReason; at: Date }) {
  const name = `job ${busyWith}`
  const [before, after] = busyWith !== null && text.includes(name) ? text.split(name, 2) : [text, undefined]
  return (
    <>
      {before}
      {after !== undefined && (
        <>
          <Link to={`/jobs/${busyWith}`}>{name}</Link>
          {after}
        </>
      )}
      {since !== null && (
        <>
          {' '}
          Since: <Since from={since} at={at} />.
        </>
      )}
      {until !== null && (
        <>
          {' '}
          {after === undefined ? 'The first job ends' : 'It ends'} at about <ClockTime time={until} at={at} />.
        </>
      )}
    </>
  )
}
