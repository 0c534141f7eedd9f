import type { WaitReason } from '@rumpfarm/farm'
import { Ago, ClockTime } from './ago.tsx'
import { Link } from './links.tsx'

/** Why a job waits, with links and times. */
export function WaitText({ reason, at }: { reason: WaitReason; at: Date }) {
  const { text, since, busyWith, until } = reason
  if (since !== null) return <WaitSince code={reason.code} text={text} since={since} at={at} />
  const name = `job ${busyWith}`
  const [before, after] = busyWith !== null && text.includes(name) ? text.split(name, 2) : [text, undefined]
  return (
    <>
      {before}
      {after !== undefined && (
        <>
          <Link to={`/jobs/${busyWith}`}>{name}</Link>
          {until !== null && (
            <>
              {' '}
              until about <ClockTime time={until} at={at} />
            </>
          )}
          {after}
        </>
      )}
      {until !== null && after === undefined && (
        <>
          {' '}
          The first of them ends at about <ClockTime time={until} at={at} />.
        </>
      )}
    </>
  )
}

/** Why a host cannot take jobs, and since when. */
const WaitSince = ({ code, text, since, at }: Pick<WaitReason, 'code' | 'text'> & { since: Date; at: Date }) =>
  code === 'host-silent' ? (
    <>
      {text} Last seen <Ago from={since} at={at} />.
    </>
  ) : (
    <>
      {text.replace(/\.$/, '')} <Ago from={since} at={at} />.
    </>
  )
