/** The possible results of an attempt. docs/agent-protocol.md lists the verdict of each reason. */
export const verdicts = ['passed', 'failed', 'timed-out', 'cancelled', 'lost', 'broken'] as const
export type Verdict = (typeof verdicts)[number]

/** The agent's reasons for the end of an attempt (docs/agent-protocol.md). */
export const finishReasons = [
  'exit',
  'cancelled',
  'wall-limit',
  'silence-limit',
  'log-limit',
  'disk-full',
  'broken',
  'vanished',
  'stopped',
  'refused',
] as const
export type FinishReason = (typeof finishReasons)[number]

/** `waiting`: the farm prepares the sources. `queued`: the host can claim the attempt. */
export const attemptStates = ['waiting', 'queued', 'leased', 'running', 'finished'] as const
export type AttemptState = (typeof attemptStates)[number]

/** Why the farm runs an attempt. `lost`: the attempt before was lost. `probe`: a bisection runs it. */
export const attemptPurposes = ['build', 'retry', 'lost', 'confirm', 'probe'] as const
export type AttemptPurpose = (typeof attemptPurposes)[number]

/** The agent's report of a step that ended. */
export interface StepEnd {
  /** The exit code, 0 to 255. A signal N gives 128+N. */
  exit: number
  milliseconds: number
  /** The length of the log when the step ended. The output of the next step begins there. */
  logBytes: number
}

/**
 * The largest number of a job. A farm that runs 5 million jobs a day has more than 32 bits after 430 days. JavaScript's
 * numbers are exact up to 16 digits.
 */
export const jobIdMax = 999_999_999_999_999

/** An attempt. Its name in messages is `JOB.NUMBER`. */
export interface AttemptId {
  jobId: number
  number: number
}
export const attemptName = ({ jobId, number }: AttemptId): string => `${jobId}.${number}`

/** Undefined if the text is not the name of an attempt. */
export function parseAttemptName(text: string): AttemptId | undefined {
  const match = /^([1-9]\d{0,14})\.([1-9]\d{0,3})$/.exec(text)
  return match ? { jobId: Number(match[1]), number: Number(match[2]) } : undefined
}
