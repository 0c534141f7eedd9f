import type { ForgeEvent } from '@rumpfarm/connectors'
import { cut } from '@rumpfarm/contracts'

const refsShown = 3

/** A delivery in a few words, for lists. */
export function eventWords(event: ForgeEvent): string {
  switch (event.kind) {
    case 'refs':
      return cut(`${event.changes.every(({ after }) => after === null) ? 'deletion' : 'push'} of ${refsOf(event)}`, 300)
    case 'pull-request':
      return cut(`pull request ${event.number} ${event.action}`, 300)
    case 'release':
      return cut(`release of ${event.tag}`, 300)
    case 'trigger':
      return cut(`request to build ${event.project ?? ''} ${event.commit ?? event.branch ?? ''}`.trim(), 300)
    case 'ping':
      return 'ping'
    case 'other':
      return 'other event'
  }
}

function refsOf({ changes }: Extract<ForgeEvent, { kind: 'refs' }>): string {
  const more = changes.length > refsShown ? ` and ${changes.length - refsShown} more` : ''
  const shown = changes.slice(0, refsShown).map(({ ref }) => shortRef(ref))
  return shown.join(', ') + more
}

const shortRef = (ref: string): string => ref.replace(/^refs\/heads\//, '').replace(/^refs\/tags\//, 'tag ')
