import { type AttemptOf, type FarmClient, followLog } from '@rumpfarm/client'
import type { Context } from '../context.ts'
import { clean, cleanLog } from '../terminal/clean.ts'
import { type Build, followBuild, type JobSummary } from './follow-build.ts'
import { cellName } from './verdicts.ts'

/**
 * Prints the logs of all jobs of a build as they grow, and returns the build when all jobs have ended. If the build has
 * several jobs, each line begins with the host, the arch and the variant.
 */
export async function followLogs(client: FarmClient, id: number, context: Context): Promise<Build> {
  const followers = new Map<string, Promise<void>>()
  let prefixed: boolean | undefined
  const show = ({ jobs, sources }: Build) => {
    if (sources !== 'pending') prefixed ??= jobs.length > 1
    for (const job of jobs) {
      if (prefixed === undefined || followers.has(job.attempt) || !hasLog(job)) continue
      const following = follow(client, job, printer(context, prefixed ? prefixOf(job) : ''))
      // A log that cannot be read does not change the verdict.
      const explain = (error: Error) => context.notes.write(`the log of job ${job.id}: ${clean(error.message)}\n`)
      followers.set(job.attempt, following.catch(explain))
    }
  }
  const build = await followBuild(client, id, { signal: context.signal, show })
  await Promise.all(followers.values())
  return build
}

/** A job that never started has no log. */
const hasLog = ({ state, startedAt }: JobSummary): boolean =>
  state === 'running' || (state === 'finished' && startedAt !== null)

const prefixOf = (job: JobSummary): string => `${clean(cellName(job))} | `

async function follow(client: FarmClient, job: JobSummary, print: Printer): Promise<void> {
  const [, number] = /^\d+\.(\d+)$/.exec(job.attempt) ?? []
  const of: AttemptOf = { job: job.id, number: Number(number) }
  try {
    for await (const bytes of followLog(client, of, { signal: print.signal })) await print.write(bytes)
  } finally {
    await print.end()
  }
}

interface Printer {
  signal: AbortSignal
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
}

/** Prints whole lines, so that the lines of several jobs do not mix. */
function printer({ out, signal }: Context, prefix: string): Printer {
  const decoder = new TextDecoder()
  let rest = ''
  const print = async (lines: string[]) => {
    const texts = lines.map(line => `${prefix}${out.isTerminal ? cleanLog(line) : line}\n`)
    if (texts.length > 0) await out.write(texts.join(''))
  }
  return {
    signal,
    async write(bytes) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      await print(lines)
    },
    async end() {
      rest += decoder.decode()
      if (rest !== '') await print([rest])
      rest = ''
    },
  }
}
