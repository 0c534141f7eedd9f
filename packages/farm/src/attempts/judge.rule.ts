import type { FinishReason, StepEnd, Verdict } from '@rumpfarm/contracts'

export interface Judgement {
  verdict: Verdict
  failedStep: string | null
  /** For a person, when the verdict alone does not say it. */
  detail: string | null
}

const wordOf: Record<Exclude<FinishReason, 'exit'>, [Verdict, string]> = {
  cancelled: ['cancelled', 'cancelled on request'],
  'wall-limit': ['timed-out', 'ran longer than the recipe allows'],
  'silence-limit': ['timed-out', 'printed nothing for longer than the recipe allows'],
  'log-limit': ['failed', 'printed more than the recipe allows'],
  'disk-full': ['broken', "the host's disk fell below its floor"],
  broken: ['broken', 'the host could not run the job'],
  vanished: ['lost', "the job's process disappeared without an exit code: killed from outside, or a reboot"],
  refused: ['broken', "the host's owner does not allow it"],
  stopped: ['lost', "the host's owner stopped the agent"],
}

/** What an attempt's end means. `names` are the recipe's steps in order, `ends` the ones that ended. */
export function judge(reason: FinishReason, names: readonly string[], ends: readonly StepEnd[]): Judgement {
  const failed = ends.findIndex(step => step.exit !== 0)
  const unfinished = failed >= 0 ? failed : ends.length
  const step = names[unfinished] ?? null
  if (reason !== 'exit') {
    const [verdict, detail] = wordOf[reason]
    return { verdict, failedStep: verdict === 'cancelled' || reason === 'refused' ? null : step, detail }
  }
  if (failed >= 0) return { verdict: 'failed', failedStep: step, detail: null }
  if (ends.length >= names.length) return { verdict: 'passed', failedStep: null, detail: null }
  return {
    verdict: 'broken',
    failedStep: step,
    detail: `the agent reported ${ends.length} of ${names.length} steps and no reason`,
  }
}
