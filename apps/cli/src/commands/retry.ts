import type { components, FarmClient } from '@rumpfarm/client'
import type { Context } from '../context.ts'
import { command, type Exit, exits, type Result, UsageError } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import { counted } from '../terminal/words.ts'
import { buildOrJob, jobFlag } from './cancel.ts'
import { watchBuild } from './watch.ts'

type Retries = components['schemas']['Retries']
type Which = 'all' | 'failed' | 'lost'

/** What runs again, where, and what does not. */
function retryLines({ jobs, hosts, open, refused }: Retries, isDryRun: boolean): string[] {
  const where = hosts.map(one => `${one.host} (${one.jobs})`).join(', ')
  const verb = isDryRun ? 'would run' : jobs === 1 ? 'runs' : 'run'
  return [
    jobs === 0 ? 'No job runs again.' : `${counted(jobs, 'job')} ${verb} again: ${clean(where)}`,
    ...(open > 0 ? [`Not finished yet: ${counted(open, 'job')}.`] : []),
    ...refused.map(({ job, host, why }) => clean(`job ${job} on ${host} cannot run again: ${why}`)),
  ]
}

/** Nothing to repeat is not a success for a script that expects a new run. */
const resultOf = (found: Retries, isDryRun: boolean): Result => ({
  value: found,
  lines: retryLines(found, isDryRun),
  exit: found.jobs === 0 ? exits.unknown : exits.passed,
})

async function retryJob(client: FarmClient, id: number, { isWaiting }: { isWaiting: boolean }, context: Context) {
  const again = await client.post('/api/v1/jobs/{id}/retry', { params: { path: { id } } })
  const lines = [`Attempt ${again.attempt} waits for its host.`]
  if (!isWaiting) return { value: again, lines }
  if (!context.json) await context.out.write(`${lines.join('\n')}\n`)
  const { buildId } = await client.get('/api/v1/jobs/{id}', { params: { path: { id } } })
  return watchBuild(client, buildId, context)
}

export const retry = command({
  says: 'Run the jobs of a build again, or one job, or all lost jobs.',
  more: [
    'Without --failed or --lost, all finished jobs of the build run again. --lost without a build means the lost jobs',
    'of the last seven days. The exit code is 3 if no job runs again, and with --wait the verdict of the build.',
  ],
  args: { build: { number: true, optional: true, says: 'the number of the build', completes: 'build' } },
  flags: {
    failed: { kind: 'switch', says: 'only jobs that failed, timed out or could not run' },
    lost: { kind: 'switch', says: 'only jobs whose host was lost' },
    job: jobFlag,
    project: { kind: 'text', value: 'NAME', says: 'with --lost: only this project', completes: 'project' },
    'dry-run': { kind: 'switch', says: 'only show which jobs would run again' },
    wait: { kind: 'switch', short: 'w', says: 'wait until all jobs of the build have ended' },
  },
  examples: ['retry 41 --failed --wait', 'retry --job 123', 'retry --lost --dry-run'],
  async run(context, { args, flags }): Promise<Result | Exit> {
    const { failed, lost, job, project, wait: isWaiting, 'dry-run': dryRun } = flags
    if (failed && lost) throw new UsageError('name --failed or --lost, not both')
    if (job !== undefined && (failed || lost || dryRun))
      throw new UsageError('--job needs no --failed, --lost or --dry-run')
    if (dryRun && isWaiting) throw new UsageError('--dry-run starts nothing, so --wait has nothing to wait for')
    const isFarmWide = lost && args.build === undefined
    if (project !== undefined && !isFarmWide) throw new UsageError('--project needs --lost without a build')
    if (isFarmWide && isWaiting) throw new UsageError('--wait needs a build')
    if (isFarmWide) {
      const body = { dryRun, ...(project === undefined ? {} : { project }) }
      return resultOf(await (await context.farm()).post('/api/v1/jobs/retry-lost', { body }), dryRun)
    }
    const { kind, id } = buildOrJob(args.build, job)
    const client = await context.farm()
    if (kind === 'job') return retryJob(client, id, { isWaiting }, context)
    const which: Which = failed ? 'failed' : lost ? 'lost' : 'all'
    const params = { path: { id } }
    const found = await client.post('/api/v1/builds/{id}/retry', { params, body: { which, dryRun } })
    const result = resultOf(found, dryRun)
    if (!isWaiting || found.jobs === 0) return result
    if (!context.json) await context.out.write(`${result.lines.join('\n')}\n`)
    return watchBuild(client, id, context)
  },
})
