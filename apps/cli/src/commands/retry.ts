import { command } from '../parsing/command.ts'
import { buildOrJob, jobFlag } from './cancel.ts'

export const retry = command({
  says: 'Run a job again.',
  args: { build: { number: true, optional: true, says: 'the number of the build', completes: 'build' } },
  flags: { job: jobFlag },
  async run({ farm }, { args, flags }) {
    const { id } = buildOrJob(args.build, flags.job)
    const again = await (await farm()).post('/api/v1/jobs/{id}/retry', { params: { path: { id } } })
    return { value: again, lines: [`Attempt ${again.attempt} waits for its host.`] }
  },
})
