import type { AttemptId, ProjectResults, StepEnd } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { matcher } from '../projects/patterns.rule.ts'
import type { ResultSource } from './read-results.ts'

/** An ended attempt whose recipe says where its test results are. */
export interface AttemptWithResults extends AttemptId {
  results: readonly ProjectResults[]
  /** The ended steps, in order. */
  steps: readonly (StepEnd & { name: string })[]
  /** The names of all steps of the recipe. */
  stepNames: readonly string[]
  logBytes: number
  artifacts: readonly { name: string; bytes: number }[]
}

interface FoundSources {
  sources: ResultSource[]
  /** The patterns of the recipe that match no file. */
  unmatched: string[]
}

/** The files and the parts of the log that hold results, in the order of the recipe. Each file counts once. */
export function sourcesOfAttempt({ logs, artifacts }: Context, attempt: AttemptWithResults): FoundSources {
  const { jobId, number } = attempt
  const taken = new Set<string>()
  const unmatched: string[] = []
  const sources = attempt.results.flatMap((entry): ResultSource[] => {
    if (entry.files === undefined) {
      const part = partOf(attempt, entry.step ?? '')
      if (!part || part.end === part.start) return []
      const { step, pattern, passed, failed, skipped } = entry
      return [
        {
          label: `log of ${step}`,
          format: 'tap',
          pattern: pattern === undefined ? undefined : { pattern, passed, failed, skipped },
          bytes: part.end - part.start,
          read: () => logs.read({ jobId, number }, part.start, part.end),
        },
      ]
    }
    const matches = matcher([entry.files, `${entry.files}/**`])
    const found = attempt.artifacts.filter(({ name }) => matches(name))
    if (found.length === 0) unmatched.push(entry.files)
    return found
      .filter(({ name }) => !taken.has(name) && taken.add(name))
      .map(({ name, bytes }) => ({
        label: name,
        format: entry.format,
        suite: [name],
        bytes,
        read: () => (bytes === 0 ? emptyFile() : artifacts.read({ jobId, number, name }, 0, bytes)),
      }))
  })
  return { sources, unmatched }
}

async function* emptyFile(): AsyncGenerator<Uint8Array> {}

/** The bytes of a step in the log; undefined if the step did not begin. */
function partOf({ steps, stepNames, logBytes }: AttemptWithResults, step: string) {
  const index = stepNames.indexOf(step)
  if (index < 0 || index > steps.length) return undefined
  const start = Math.min(logBytes, steps[index - 1]?.logBytes ?? 0)
  return { start, end: Math.max(start, Math.min(logBytes, steps[index]?.logBytes ?? logBytes)) }
}
