import { type AttemptId, attemptName, type StepEnd } from '@rumpfarm/contracts'
import { isObjectGone } from '@rumpfarm/storage'
import type { Recipe } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import { collectKnownTexts, type SearchOptions } from './find-candidates.ts'
import { type ScanOptions, type StepFailure, scanStep } from './scan-step.ts'
import { countLines, keepEnds } from './step-log.ts'

/** A failed or timed-out attempt whose log the farm reads. */
export interface FailedAttempt extends AttemptId {
  timedOut: boolean
  step: string
  /** The ended steps, in order. The last step failed, unless the agent ended the job in the step after it. */
  steps: (StepEnd & { name: string })[]
  logBytes: number
  host: string
  recipe: Recipe
  /** The newest passed attempt of the same cell. */
  lastGood: (AttemptId & Pick<FailedAttempt, 'steps' | 'logBytes'>) | null
}

/** Finds the line of the log that says why the step failed. Throws if the log cannot be read. */
export async function readFailure({ logs }: Context, attempt: FailedAttempt): Promise<StepFailure> {
  const { start, end, exit } = partOf(attempt, attempt.step)
  const firstLine = 1 + (await linesIn(bytesOf(logs, attempt, 0, start)))
  const options = searchOptions(attempt)
  const known = await knownTexts(logs, attempt, options)
  const scan: ScanOptions = { ...options, known, step: attempt.step, exit, firstLine, timedOut: attempt.timedOut }
  return scanStep(bytesOf(logs, attempt, start, end), scan)
}

type Logs = Context['logs']

/** The bytes of a step in the log. Without an end of the step, its output reaches to the end of the log. */
function partOf({ steps, logBytes }: Pick<FailedAttempt, 'steps' | 'logBytes'>, step: string) {
  const index = steps.findIndex(({ name }) => name === step)
  const start = (index < 0 ? steps.at(-1) : steps[index - 1])?.logBytes ?? 0
  const end = index < 0 ? logBytes : Math.max(start, steps[index]?.logBytes ?? start)
  return { start: Math.min(start, logBytes), end: Math.min(end, logBytes), exit: steps[index]?.exit ?? null }
}

/** A stream of no bytes must not open the file: an attempt without output has no file. */
async function* bytesOf(logs: Logs, attempt: AttemptId, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (end > start) yield* logs.read(attempt, start, end)
}

async function linesIn(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let lines = 0
  for await (const chunk of chunks) lines += countLines(chunk)
  return lines
}

function searchOptions(attempt: FailedAttempt): SearchOptions {
  const { recipe, host } = attempt
  const sources = [recipe.project, ...recipe.sources.map(({ name }) => name)]
  const texts = { attempt: attemptName(attempt), sources, hostName: host }
  return { errors: recipe.errors, ignore: recipe.ignore, texts }
}

/** The error lines of the last run that passed: they did not make the step fail. Without its log, the set is empty. */
async function knownTexts(
  logs: Logs,
  { lastGood, step, timedOut }: FailedAttempt,
  options: SearchOptions,
): Promise<ReadonlySet<string>> {
  if (!lastGood || timedOut || (await logs.size(lastGood)) < lastGood.logBytes) return new Set()
  const { start, end } = partOf(lastGood, step)
  const texts = { ...options.texts, attempt: attemptName(lastGood) }
  try {
    return collectKnownTexts(await keepEnds(bytesOf(logs, lastGood, start, end), 1), { ...options, texts })
  } catch (error) {
    if (isObjectGone(error)) return new Set()
    throw error
  }
}
