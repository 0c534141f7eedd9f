import {
  type AttemptOf,
  type components,
  type FarmClient,
  followLog,
  logState,
  readLog,
  tailStart,
} from '@rumpfarm/client'
import type { Context } from '../context.ts'
import { command, type Exit, exits, UsageError } from '../parsing/command.ts'
import { cleanLog } from '../terminal/clean.ts'
import { verdictExit } from './verdicts.ts'

type Job = components['schemas']['Job']
type Attempt = Job['attempts'][number]

interface Part {
  start: number
  /** Undefined: the log, or its last step, still grows. */
  end: number | undefined
}

/** The bytes of the log, or of a step. `logBytes` of a step is the length of the log at its end. */
export function partOf(
  { state, steps }: Pick<Attempt, 'state' | 'steps'>,
  wanted: string[],
  step?: string,
): Part | undefined {
  if (step === undefined) return { start: 0, end: undefined }
  const index = steps.findIndex(({ name }) => name === step)
  if (index >= 0) return { start: steps[index - 1]?.logBytes ?? 0, end: steps[index]?.logBytes }
  const isRunning = state !== 'finished' && wanted[steps.length] === step
  return isRunning ? { start: steps.at(-1)?.logBytes ?? 0, end: undefined } : undefined
}

/** Writes bytes for a terminal as text with colours only, for a pipe as they are, and for --json as lines. */
export function logWriter({ out, json }: Pick<Context, 'out' | 'json'>) {
  if (!json && !out.isTerminal) return { write: (bytes: Uint8Array) => out.write(bytes), end: async () => {} }
  const decoder = new TextDecoder()
  let rest = ''
  const print = async (lines: string[]) => {
    const texts = json ? lines.map(text => JSON.stringify({ text })) : lines.map(cleanLog)
    if (texts.length > 0) await out.write(`${texts.join('\n')}\n`)
  }
  return {
    async write(bytes: Uint8Array) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      await print(lines)
    },
    async end() {
      rest += decoder.decode()
      if (rest !== '') await print([rest])
    },
  }
}

async function findAttempt(client: FarmClient, id: number, number?: number): Promise<{ job: Job; attempt: Attempt }> {
  const job = await client.get('/api/v1/jobs/{id}', { params: { path: { id } } })
  const attempt = number === undefined ? job.attempts[0] : job.attempts.find(one => one.number === number)
  if (!attempt)
    throw new Error(`job ${id} has no attempt ${number}; it has ${job.attempts.map(one => one.number).join(', ')}`)
  return { job, attempt }
}

const linesMax = 1_000_000

export const log = command({
  says: 'Print the log of a job.',
  more: [
    'A pipe gets the bytes of the log. A terminal gets its text and colours, without other control sequences.',
    'With --follow, the exit code is the verdict of the job.',
  ],
  args: { job: { number: true, says: 'the number of the job', completes: 'job' } },
  flags: {
    follow: { kind: 'switch', short: 'f', says: 'print new lines until the attempt ends' },
    step: { kind: 'text', value: 'NAME', says: 'only this step' },
    tail: { kind: 'number', short: 'n', value: 'N', min: 0, max: linesMax, says: 'only the last N lines' },
    attempt: { kind: 'number', value: 'N', min: 1, max: 1_000_000, says: 'this attempt instead of the newest one' },
  },
  examples: ['log 123 -f', 'log 123 --step build --tail 50'],
  async run(context, { args, flags }) {
    const client = await context.farm()
    const { job, attempt } = await findAttempt(client, args.job, flags.attempt)
    const wanted = job.recipe.steps.map(({ name }) => name)
    const part = partOf(attempt, wanted, flags.step)
    if (!part) throw missingStep(flags.step ?? '', attempt, wanted)
    const writer = logWriter(context)
    const of = { job: args.job, number: attempt.number }
    const size = attempt.leasedAt === null ? 0 : (part.end ?? (await logState(client, of)).size)
    const start =
      flags.tail === undefined
        ? part.start
        : await tailStart(client, of, { start: part.start, end: size, lines: flags.tail })
    if (flags.follow && part.end === undefined) {
      await follow(client, of, { start, step: flags.step, signal: context.signal, write: writer.write })
      await writer.end()
      context.signal.throwIfAborted()
      return finalVerdict(client, of)
    }
    for await (const chunk of readLog(client, of, { start, end: size }, context.signal)) await writer.write(chunk)
    await writer.end()
    return flags.follow ? verdictExit(attempt.verdict) : exits.passed
  },
})

function missingStep(step: string, { attempt, steps }: Attempt, wanted: readonly string[]): Error {
  if (!wanted.includes(step)) return new UsageError(`the recipe has no step "${step}"; it has ${wanted.join(', ')}`)
  return new Error(
    `attempt ${attempt} has not run the step "${step}"; it has run ${steps.map(({ name }) => name).join(', ') || 'no step'}`,
  )
}

interface Following {
  start: number
  step: string | undefined
  signal: AbortSignal
  write: (bytes: Uint8Array) => void | Promise<void>
}

/** Follows a log to its end, or to the end of a step. */
async function follow(client: FarmClient, of: AttemptOf, { start, step, signal, write }: Following): Promise<void> {
  let position = start
  for await (const chunk of followLog(client, of, { from: start, signal })) {
    const end = step === undefined ? undefined : await stepEnd(client, of, step)
    await write(end === undefined ? chunk : chunk.subarray(0, Math.max(end - position, 0)))
    position += chunk.length
    if (end !== undefined && position >= end) return
  }
}

async function stepEnd(client: FarmClient, { job, number }: AttemptOf, step: string): Promise<number | undefined> {
  const { attempt } = await findAttempt(client, job, number)
  return attempt.steps.find(({ name }) => name === step)?.logBytes
}

async function finalVerdict(client: FarmClient, { job, number }: AttemptOf): Promise<Exit> {
  const { attempt } = await findAttempt(client, job, number)
  return verdictExit(attempt.verdict)
}
