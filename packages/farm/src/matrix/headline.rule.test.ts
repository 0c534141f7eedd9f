import { expect, test } from 'vitest'
import { type ChangeCounts, headline } from './headline.rule.ts'
import { type Look, looks } from './look.rule.ts'

const none = Object.fromEntries(looks.map(look => [look, 0])) as Record<Look, number>
const unchanged: ChangeCounts = { new: 0, unconfirmed: 0, fixed: 0, still: 0 }

test.each<[Partial<Record<Look, number>>, Partial<ChangeCounts>, string]>([
  [{}, {}, 'No host builds any project yet'],
  [{ prevented: 1 }, {}, 'No host builds any project yet'],
  [{ passed: 20 }, {}, 'All 20 boxes pass'],
  [{ passed: 18, fixed: 2 }, { fixed: 2 }, 'All 20 boxes pass'],
  [{ passed: 1 }, {}, 'The only box passes'],
  [{ cancelled: 1 }, {}, 'No failures, 1 cancelled'],
  [{ queued: 1, passed: 2 }, {}, 'No failures, 2 of 3 boxes passed'],
  [{ passed: 7, known: 2, 'never-ran': 1 }, {}, 'No failures, 2 known to fail, 1 never ran'],
  [{ passed: 7, new: 1 }, { new: 1 }, '1 new failure since yesterday'],
  [
    { passed: 300, new: 8, unconfirmed: 1, failing: 13, old: 9 },
    { new: 8, unconfirmed: 1, fixed: 5, still: 24 },
    '8 new failures since yesterday, 1 unconfirmed, 5 fixed, 24 still failing',
  ],
  [{ passed: 7, old: 3 }, { still: 3 }, 'No new failures since yesterday, 3 still failing'],
])('the sentence for the boxes %j and the changes %j is: %s', (boxes, changes, sentence) => {
  expect(headline({ ...none, ...boxes }, { ...unchanged, ...changes })).toBe(sentence)
})
