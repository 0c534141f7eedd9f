import type { HostView } from '@rumpfarm/farm'
import { Since } from './ago.tsx'

type Host = Pick<HostView, 'presence' | 'awaySince' | 'silentSince' | 'pausedAt' | 'refusal'>

export function HostStatus({ host, at }: { host: Host; at: Date }) {
  const { presence, refusal } = host
  const since = presenceSince(host)
  return (
    <>
      <em class={presence}>
        {presence}
        {since && (
          <>
            {' '}
            for <Since from={since} at={at} />
          </>
        )}
      </em>
      {refusal !== null && <em class="error"> takes no jobs: {refusal}</em>}
    </>
  )
}

function presenceSince({ presence, awaySince, silentSince, pausedAt }: Host): Date | null {
  switch (presence) {
    case 'away':
      return awaySince
    case 'silent':
      return silentSince
    case 'paused':
      return pausedAt
    default:
      return null
  }
}
