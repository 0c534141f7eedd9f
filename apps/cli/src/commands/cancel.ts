import { command, UsageError } from '../parsing/command.ts'
import { jobMax } from '../parsing/parse.ts'
import { counted } from '../terminal/words.ts'

export const jobFlag = {
  kind: 'number',
  value: 'JOB',
  min: 1,
  max: jobMax,
  says: 'one job instead of a build',
  completes: 'job',
} as const

/** The build, or the job of `--job`. */
export function buildOrJob(build: number | undefined, job: number | undefined): { kind: 'build' | 'job'; id: number } {
  if (build !== undefined && job !== undefined) throw new UsageError('name a build or --job JOB, not both')
  if (job !== undefined) return { kind: 'job', id: job }
  if (build === undefined) throw new UsageError('BUILD is missing')
  return { kind: 'build', id: build }
}

export const cancel = command({
  says: 'Cancel the jobs of a build that have not ended, or one job.',
  args: { build: { number: true, optional: true, says: 'the number of the build', completes: 'build' } },
  flags: { job: jobFlag },
  async run({ farm }, { args, flags }) {
    const { kind, id } = buildOrJob(args.build, flags.job)
    const client = await farm()
    const params = { path: { id } }
    const found =
      kind === 'job'
        ? await client.post('/api/v1/jobs/{id}/cancel', { params })
        : await client.post('/api/v1/builds/{id}/cancel', { params })
    const { attempts } = found
    const none = `Nothing to cancel: ${kind} ${id} has ended.`
    return {
      value: found,
      lines: [attempts === 0 ? none : `${counted(attempts, 'attempt')} of ${kind} ${id} cancelled.`],
    }
  },
})
