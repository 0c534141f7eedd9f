import { expect } from 'vitest'
import { scriptProject } from '../support/farm-fixture.ts'
import { bothQueues, farmTest } from '../support/farm-test.ts'
import { freePort, Program } from '../support/program.ts'
import { eventually } from '../support/waiting.ts'

/** git daemon on a port. */
async function serve(directory: string, port: number): Promise<Program> {
  const options = ['--verbose', '--reuseaddr', '--export-all', '--listen=127.0.0.1', `--port=${port}`]
  const command = ['git', 'daemon', ...options, `--base-path=${directory}`, directory]
  const program = new Program(command, { PATH: process.env.PATH ?? '' }, directory)
  await program.line('that it is ready', line => /Ready to rumble/.test(line) || undefined)
  return program
}

const port = await freePort()
const [queues] = bothQueues
const projects = { polled: scriptProject({ repository: `git://127.0.0.1:${port}/polled/.git` }) }

farmTest(
  'a push while the farm and git were down is found, as soon as both are back',
  { queues, projects },
  async farm => {
    const repository = farm.repository('polled')
    repository.commit({ 'job.sh': 'true' })
    const root = repository.directory.replace(/\/[^/]*$/, '')
    const shown = (what: string, find: (polled: { problem: string | null; lookedAt: string | null }) => boolean) =>
      eventually(what, async () => {
        const { items } = await farm
          .api()
          .get<{ items: { problem: string | null; lookedAt: string | null }[] }>('/api/v1/projects/polled/repositories')
        return items[0] && find(items[0]) ? items[0] : undefined
      })
    const restart = async () => {
      await farm.stop()
      await farm.start()
    }
    await shown('a refused connection', ({ problem }) => problem !== null)
    const first = await serve(root, port)
    await restart()
    await shown('the first look', ({ lookedAt, problem }) => lookedAt !== null && problem === null)

    await farm.stop()
    await first.stop()
    const pushed = repository.commit({ 'job.sh': 'echo changed' })
    await farm.start()
    await shown('the daemon is away', ({ problem }) => problem !== null)
    const second = await serve(root, port)
    await restart()
    const build = await eventually('the build of the push', async () => {
      const { items } = await farm
        .api()
        .get<{ items: { commit: string; branch: string; cause: string }[] }>('/api/v1/builds?project=polled')
      return items[0]
    }).finally(() => second.stop())
    expect(build).toMatchObject({ commit: pushed, branch: 'main', cause: 'poll' })
  },
)
