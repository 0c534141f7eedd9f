import type { Verdict } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { foldResults, type VariantJob } from './fold.rule.ts'

const job = (variant: string, verdict: Verdict | null, jobId = 1): VariantJob => ({
  column: 1,
  variant,
  jobId,
  verdict,
  failedStep: verdict === 'failed' ? 'build' : null,
})

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
    const jobs = verdicts.map((verdict, index) => job(`v${index}`, verdict, index))
    const result = expect.objectContaining({ verdict: worst, variants, of: verdicts.length })
    expect(foldResults([jobs], 3)).toEqual([null, result, null])
  },
)

test('of two builds of a commit, the newer one counts for each variant', () =>
  expect(
    foldResults([[job('default', 'passed', 9)], [job('default', 'failed', 3), job('old', 'passed', 4)]], 2),
  ).toEqual([null, { verdict: 'passed', failedStep: null, jobId: 9, variants: 2, of: 2 }]))
