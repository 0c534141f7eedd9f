import type { Verdict } from '@rumpfarm/contracts'

/** A job of a commit: one variant of a column. */
export interface VariantJob {
  /** The index of the column. */
  column: number
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

/**
 * Folds the variants of each column of a commit. The commit can have several builds, newest first: of several jobs of one
 * variant, the first counts. Null for a column without a job.
 */
export function foldResults(builds: readonly (readonly VariantJob[])[], columns: number): (FoldedResult | null)[] {
  const folded = new Array<FoldedResult | null>(columns).fill(null)
  const seen = new Set<string>()
  for (const jobs of builds)
    for (const job of jobs) {
      // A build has one job of each variant.
      if (builds.length > 1) {
        const name = `${job.column} ${job.variant}`
        if (seen.has(name)) continue
        seen.add(name)
      }
      folded[job.column] = fold(folded[job.column], job)
    }
  return folded
}

function fold(known: FoldedResult | null | undefined, { verdict, failedStep, jobId }: VariantJob): FoldedResult {
  if (!known) return { verdict, failedStep, jobId, variants: 1, of: 1 }
  known.of++
  if (verdict === known.verdict) known.variants++
  else if (order.indexOf(verdict) < order.indexOf(known.verdict))
    return { verdict, failedStep, jobId, variants: 1, of: known.of }
  return known
}
