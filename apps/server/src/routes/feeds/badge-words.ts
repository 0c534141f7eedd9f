import { isFailure, isResult, type MatrixCell } from '@rumpfarm/farm'

/** What a badge says, with a colour of shields. */
export interface BadgeWords {
  message: string
  color: 'brightgreen' | 'green' | 'yellowgreen' | 'yellow' | 'orange' | 'red' | 'lightgrey'
}

type Kind = 'failing' | 'lost' | 'flaky' | 'tests missing' | 'known' | 'passing' | 'none'

/** An active attempt does not change the badge: until it ends, the badge shows the newest result. */
function kindOf({ last, known, acknowledged }: MatrixCell): Kind {
  if (!last || last.verdict === 'cancelled') return 'none'
  if (!isResult(last.verdict)) return 'lost'
  if (isFailure(last.verdict)) {
    if (known !== null || acknowledged !== null) return 'known'
    return last.flakiness.flaky || last.state === 'flaky' ? 'flaky' : 'failing'
  }
  if (last.flakiness.flaky || last.state === 'flaky') return 'flaky'
  return last.testsMissing ? 'tests missing' : 'passing'
}

const colors = { lost: 'orange', flaky: 'yellow', 'tests missing': 'yellow', known: 'yellowgreen' } as const
const inWords = { lost: 'lost', flaky: 'flaky', 'tests missing': 'without tests', known: 'known to fail' } as const

/** The words for these cells. The worst result decides; cells that cannot run do not count. */
export function badgeWords(cells: readonly MatrixCell[]): BadgeWords {
  const counted = cells.filter(({ last, prevented }) => last !== null || prevented === null)
  const of = counted.length
  const counts = new Map<Kind, number>()
  for (const cell of counted) counts.set(kindOf(cell), (counts.get(kindOf(cell)) ?? 0) + 1)
  const count = (kind: Kind) => counts.get(kind) ?? 0
  const some = (number: number, words: string) => (of === 1 ? words : `${number} of ${of} ${words}`)
  if (of - count('none') === 0) return { message: 'no results', color: 'lightgrey' }
  if (count('failing') > 0) return { message: some(count('failing'), 'failing'), color: 'red' }
  for (const kind of ['lost', 'flaky', 'tests missing', 'known'] as const)
    if (count(kind) > 0) return { message: some(count(kind), inWords[kind]), color: colors[kind] }
  if (count('none') > 0) return { message: `${count('passing')} of ${of} passing`, color: 'green' }
  return { message: 'passing', color: 'brightgreen' }
}
