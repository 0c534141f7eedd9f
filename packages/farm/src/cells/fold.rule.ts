import type { Verdict } from '@rumpfarm/contracts'

interface VariantResult {
  commit: string
  host: string
  arch: string
  variant: string
  jobId: number
  /** Null if the newest attempt has not finished. */
  verdict: Verdict | null
  failedStep: string | null
}

/** The variants of a host and arch at one commit, as one result. */
export interface FoldedResult {
  /** The worst verdict; null if every job is unfinished. */
  verdict: Verdict | null
  failedStep: string | null
  /** The job with this verdict. */
  jobId: number
  /** How many variants have this verdict, and how many there are. */
  variants: number
  of: number
}

/** From the worst to the best. An unfinished job has no verdict, so it comes last. */
const order: readonly (Verdict | null)[] = ['failed', 'timed-out', 'broken', 'lost', 'cancelled', 'passed', null]

export const resultKey = (commit: string, host: string, arch: string): string => `${commit}\n${host}\n${arch}`

/** Folds the variants of each commit, host and arch. Of several jobs of one variant, the first in the list counts. */
export function foldResults(results: readonly VariantResult[]): Map<string, FoldedResult> {
  const folded = new Map<string, FoldedResult>()
  const seen = new Set<string>()
  for (const result of results) {
    const key = resultKey(result.commit, result.host, result.arch)
    const job = `${key}\n${result.variant}`
    if (seen.has(job)) continue
    seen.add(job)
    folded.set(key, fold(folded.get(key), result))
  }
  return folded
}

function fold(known: FoldedResult | undefined, { verdict, failedStep, jobId }: VariantResult): FoldedResult {
  if (!known) return { verdict, failedStep, jobId, variants: 1, of: 1 }
  const of = known.of + 1
  if (verdict === known.verdict) return { ...known, variants: known.variants + 1, of }
  const isWorse = order.indexOf(verdict) < order.indexOf(known.verdict)
  return isWorse ? { verdict, failedStep, jobId, variants: 1, of } : { ...known, of }
}
