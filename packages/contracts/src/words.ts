/** How an attempt can end. See docs/agent-protocol.md for which reason leads to which. */
export const verdicts = ['passed', 'failed', 'timed-out', 'cancelled', 'lost', 'broken'] as const
export type Verdict = (typeof verdicts)[number]

/** Why the agent says an attempt ended. */
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

/** What an attempt is doing. `waiting`: its sources are being prepared. */
export const attemptStates = ['waiting', 'queued', 'leased', 'running', 'finished'] as const
export type AttemptState = (typeof attemptStates)[number]

/** A line of a host's own configuration: what its owner lets the farm run there, or not. */
export interface OwnerRule {
  verb: 'allow' | 'deny'
  /** A pattern of names; * and ? stand for anything. */
  project: string
  /** Patterns of branches; none: all of them. */
  branches: string[]
}

export type ArchKind = 'native' | 'cross'

/** An ended step as the agent reports it. */
export interface StepEnd {
  exit: number
  milliseconds: number
  /** The log's length when the step ended: the next one's output begins there. */
  logBytes: number
}

/** What a host says of itself: uname fields, `ncpu`, `mem_mb`, `disk_mb`, `tool_*` and the like, as lines. */
export type HostFacts = Record<string, string>

/** `JOB.NUMBER`, an attempt's name on the wire. */
export interface AttemptId {
  jobId: number
  number: number
}
export const attemptName = ({ jobId, number }: AttemptId): string => `${jobId}.${number}`

/** The attempt a name stands for, or undefined if it is no attempt's name. */
export function parseAttemptName(text: string): AttemptId | undefined {
  const match = /^([1-9]\d{0,8})\.([1-9]\d{0,3})$/.exec(text)
  return match ? { jobId: Number(match[1]), number: Number(match[2]) } : undefined
}
