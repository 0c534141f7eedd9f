import type { Verdict } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { foldResults, resultKey } from './fold.rule.ts'

const result = (variant: string, verdict: Verdict | null, jobId = 1) => ({
  commit: 'a',
  host: 'vax',
  arch: 'amd64',
  variant,
  jobId,
  verdict,
  failedStep: verdict === 'failed' ? 'build' : null,
})
const folded = (...results: ReturnType<typeof result>[]) => foldResults(results).get(resultKey('a', 'vax', 'amd64'))

test.each([
  { verdicts: ['passed'], worst: 'passed', variants: 1 },
  { verdicts: ['passed', 'failed', 'passed'], worst: 'failed', variants: 1 },
  { verdicts: ['failed', 'failed', 'passed'], worst: 'failed', variants: 2 },
  { verdicts: ['passed', null], worst: 'passed', variants: 1 },
  { verdicts: [null, null], worst: null, variants: 2 },
  { verdicts: ['timed-out', 'lost'], worst: 'timed-out', variants: 1 },
  { verdicts: ['cancelled', 'broken'], worst: 'broken', variants: 1 },
] as { verdicts: (Verdict | null)[]; worst: Verdict | null; variants: number }[])(
  'the variants $verdicts show $worst',
  ({ verdicts, worst, variants }) => {
    const results = verdicts.map((verdict, index) => result(`v${index}`, verdict, index))
    expect(folded(...results)).toMatchObject({ verdict: worst, variants, of: verdicts.length })
  },
)

test('of two builds of a commit, the first in the list counts', () =>
  expect(folded(result('default', 'passed', 9), result('default', 'failed', 3))).toMatchObject({
    verdict: 'passed',
    jobId: 9,
    of: 1,
  }))
