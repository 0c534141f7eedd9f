import type { AttemptView } from '@rumpfarm/farm'
import { statusLabel, statusOf } from '../../components/status.ts'

type Attempt = Pick<AttemptView, 'number' | 'state' | 'verdict' | 'failedStep' | 'fingerprint' | 'purpose'>

/** What the other attempts say about an attempt. No reader should take a flaky job for a passed or a failed job. */
export function confirmationText(shown: Attempt, attempts: readonly Attempt[]): string | undefined {
  if (shown.state !== 'finished') return repeatedText(shown, attempts)
  if (shown.verdict === 'passed') return passedLaterText(shown, attempts)
  if (!isFailure(shown)) return undefined
  const passed = attempts.find(({ state, verdict }) => state === 'finished' && verdict === 'passed')
  if (passed) return `Attempt ${passed.number} of this job passed, so the failure is not certain.`
  const confirming = attempts.find(({ number, purpose }) => number > shown.number && purpose === 'confirm')
  return confirming ? confirmedText(shown, confirming) : repeatedFailureText(shown, attempts)
}

const isFailure = ({ state, verdict }: Attempt): boolean =>
  state === 'finished' && (verdict === 'failed' || verdict === 'timed-out')

/** The page of a confirming attempt, before it has ended. */
function repeatedText({ number, purpose }: Attempt, attempts: readonly Attempt[]): string | undefined {
  if (purpose === 'probe') return 'This job is a probe of a bisection. Its result does not change the matrix.'
  const earlier = attempts.find(attempt => attempt.number < number && isFailure(attempt))
  if (purpose !== 'confirm' || !earlier) return undefined
  return `Attempt ${earlier.number} ${endOf(earlier)}. This attempt repeats the job, to confirm the failure.`
}

function passedLaterText({ number }: Attempt, attempts: readonly Attempt[]): string | undefined {
  const failed = attempts.find(attempt => attempt.number !== number && isFailure(attempt))
  if (!failed) return undefined
  return failed.number < number
    ? `Passed on attempt ${number}. Attempt ${failed.number} ${endOf(failed)}.`
    : `Attempt ${failed.number} of this job ${endOf(failed)}.`
}

function confirmedText(shown: Attempt, confirming: Attempt): string | undefined {
  const { number } = confirming
  if (confirming.state !== 'finished')
    return `The failure is not confirmed yet. Attempt ${number} repeats the job (${statusLabel[statusOf(confirming)]}).`
  if (!isFailure(confirming)) return `The failure is not confirmed: attempt ${number} ${endOf(confirming)}.`
  return isSame(shown, confirming)
    ? `The failure is confirmed: attempt ${number} failed in the same way.`
    : `The failure is not confirmed: attempt ${number} failed in another way.`
}

function repeatedFailureText(shown: Attempt, attempts: readonly Attempt[]): string | undefined {
  const earlier = attempts.find(attempt => attempt.number < shown.number && isFailure(attempt))
  if (!earlier) return undefined
  return isSame(shown, earlier)
    ? `Attempt ${earlier.number} failed in the same way.`
    : `Attempt ${earlier.number} failed in another way.`
}

const isSame = (one: Attempt, other: Attempt): boolean =>
  one.verdict === other.verdict && one.failedStep === other.failedStep && one.fingerprint === other.fingerprint

const endOf = (attempt: Attempt): string => {
  const label = attempt.verdict === 'timed-out' ? 'timed out' : attempt.verdict === 'failed' ? 'failed' : undefined
  if (label === undefined) return `was ${statusLabel[statusOf(attempt)]}`
  return attempt.failedStep === null ? label : `${label} at ${attempt.failedStep}`
}
