import type { components } from '@rumpfarm/client'
import { type Exit, exits } from '../parsing/command.ts'
import type { Colour } from '../terminal/style.ts'
import type { Box } from '../terminal/table.ts'

type Schemas = components['schemas']
export type Verdict = NonNullable<Schemas['JobSummary']['verdict']>
export type JobState = Schemas['JobSummary']['state']
export type Counts = Schemas['BuildSummary']['counts']

/** Passed and failed are verdicts about the source. The others say that there is no such verdict. */
export function verdictExit(verdict: Verdict | null): Exit {
  if (verdict === 'passed') return exits.passed
  return verdict === 'failed' || verdict === 'timed-out' ? exits.failed : exits.unknown
}

/** One failed job makes a failed build. A passed build has jobs, and all of them have passed. */
export function buildExit(counts: Counts): Exit {
  if ((counts.failed ?? 0) + (counts['timed-out'] ?? 0) > 0) return exits.failed
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return all > 0 && counts.passed === all ? exits.passed : exits.unknown
}

export const unfinished = ['waiting', 'queued', 'leased', 'running'] as const

/** The number of jobs that have not ended. */
export const openJobs = (counts: Counts): number => unfinished.reduce((sum, state) => sum + (counts[state] ?? 0), 0)

const order = ['failed', 'timed-out', 'broken', 'lost', 'cancelled', 'passed', 'running', 'leased', 'queued', 'waiting']

/** Counts such as `2 failed, 5 passed, 1 running`. */
export const countsText = (counts: Counts): string =>
  order
    .map(status => [status, counts[status as keyof Counts] ?? 0] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ') || 'no jobs'

const colours: Record<string, Colour> = {
  passed: 'green',
  failed: 'red',
  'timed-out': 'red',
  broken: 'magenta',
  lost: 'magenta',
  cancelled: 'grey',
  running: 'blue',
  leased: 'blue',
}

/** The verdict of a job, or its state if it has none. */
export const statusBox = ({ verdict, state }: { verdict: Verdict | null; state: JobState }): Box => {
  const status = verdict ?? state
  return { text: status, colour: colours[status] }
}

export const countsBox = (counts: Counts): Box => {
  const exit = buildExit(counts)
  const finished: Colour | undefined = exit === exits.failed ? 'red' : exit === exits.passed ? 'green' : 'magenta'
  return { text: countsText(counts), colour: openJobs(counts) > 0 && exit !== exits.failed ? 'blue' : finished }
}

/** Sorts jobs that failed before the others. */
export const worstFirst = (a: { verdict: Verdict | null; state: JobState }, b: typeof a): number =>
  order.indexOf(a.verdict ?? a.state) - order.indexOf(b.verdict ?? b.state)

/** `host arch variant`, without the variant `default`. */
export const cellName = ({ host, arch, variant }: { host: string; arch: string; variant: string }): string =>
  `${host} ${arch}${variant === 'default' ? '' : ` ${variant}`}`
