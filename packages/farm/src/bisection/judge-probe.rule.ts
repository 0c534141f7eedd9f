import type { Verdict } from '@rumpfarm/contracts'
import type { ProbeVerdict } from './state.rule.ts'

/** How an attempt ended, with the fingerprint of its failure. */
export interface AttemptResult {
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  /** The quoted symbol of the error: compilers print one error in different words. */
  symbol: string | null
  /** The names of the steps that passed. */
  passedSteps: readonly string[]
}

/** The failure that a bisection searches. Without a fingerprint, the verdict and the step identify it. */
export interface SearchedFailure {
  verdict: Verdict
  failedStep: string | null
  fingerprint: string | null
  symbol: string | null
}

export interface Judged {
  verdict: ProbeVerdict
  /** One sentence for a person. */
  reason: string
}

/**
 * What an attempt says about its commit. Only the failure of the bisection is bad. Another failure says nothing about
 * it, as exit code 125 of `git bisect run`.
 */
export function judgeProbe(result: AttemptResult, searched: SearchedFailure): Judged {
  const step = searched.failedStep
  if (result.verdict === 'passed' || (step !== null && result.passedSteps.includes(step)))
    return { verdict: 'good', reason: step === null ? 'it passed' : `the step ${step} passed` }
  if (result.verdict !== 'failed' && result.verdict !== 'timed-out')
    return { verdict: 'none', reason: `it has no result: ${result.verdict}` }
  if (result.failedStep !== step) return { verdict: 'other', reason: `the step ${result.failedStep ?? '?'} failed` }
  return judgeFailure(result, searched)
}

function judgeFailure(result: AttemptResult, searched: SearchedFailure): Judged {
  if (searched.fingerprint === null)
    return result.verdict === searched.verdict
      ? { verdict: 'bad', reason: 'it failed at the same step' }
      : { verdict: 'other', reason: 'it failed at the same step in another way' }
  if (result.fingerprint === searched.fingerprint) return { verdict: 'bad', reason: 'it failed with the same error' }
  if (result.symbol !== null && result.symbol === searched.symbol)
    return { verdict: 'bad', reason: `it failed with an error about the same name, ${result.symbol}` }
  return { verdict: 'other', reason: 'it failed with another error' }
}
