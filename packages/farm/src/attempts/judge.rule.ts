import type { FinishReason, StepEnd, Verdict } from '@rumpfarm/contracts'
import { notAllowedByOwner } from './ends.rule.ts'

export interface Judgement {
  verdict: Verdict
  failedStep: string | null
  /** A sentence for a person, if the verdict alone does not explain the result. */
  detail: string | null
}

const meaningOf: Record<Exclude<FinishReason, 'exit'>, [Verdict, string]> = {
  cancelled: ['cancelled', 'cancelled on request'],
  'wall-limit': ['timed-out', 'ran longer than the recipe allows'],
  'silence-limit': ['timed-out', 'printed nothing for longer than the recipe allows'],
  'log-limit': ['failed', 'printed more than the recipe allows'],
  'disk-full': ['broken', "the host's disk has less free space than its limit"],
  broken: ['broken', 'the host could not run the job'],
  vanished: ['lost', "the job's process disappeared without an exit code: killed from outside, or a reboot"],
  refused: ['broken', notAllowedByOwner],
  stopped: ['lost', "the host's owner stopped the agent"],
}

/** The verdict of a finish message. `names`: all steps of the recipe, in order. `ends`: the steps that ended. */
export function judge(reason: FinishReason, names: readonly string[], ends: readonly StepEnd[]): Judgement {
  const failed = ends.findIndex(step => step.exit !== 0)
  const unfinished = failed >= 0 ? failed : ends.length
  const step = names[unfinished] ?? null
  if (reason !== 'exit') {
    const [verdict, detail] = meaningOf[reason]
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
