import { dirname, join } from 'node:path'
import { openMirrors } from '@rumpfarm/connectors'
import { expect, onTestFinished } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'
import { runSchedules } from './run-schedules.ts'

const daySeconds = 86_400

/** Runs the task with mirrors that read the real repository. Returns the problems that it logged. */
function taskOf({ farm, repository }: TestServer) {
  const mirrors = openMirrors({ directory: join(dirname(repository.directory), 'scheduled'), environment: process.env })
  onTestFinished(() => mirrors.close())
  const problems: string[] = []
  const log = { warn: ({ problem }: { problem: string }) => void problems.push(problem) }
  return async () => {
    await runSchedules({ farm, mirrors, log } as never, {})
    return problems.splice(0)
  }
}

serverTest('a schedule builds the newest commit of its branch, and the page and the API say so', async ({ server }) => {
  const nightly = { key: 'k1', cron: '0 2 * * *', timeZone: 'Europe/Berlin', branch: 'main' }
  const missing = { key: 'k2', cron: '30 3 * * *', timeZone: 'UTC', branch: 'gone' }
  await server.configure({ schedules: [nightly, missing] })
  await server.host('vax')
  const run = taskOf(server)
  const page = async () => (await server.ask('/projects/sample')).body
  expect(await run()).toEqual([])
  expect(await server.stored()).toBe(0)
  expect(await page()).toMatch(/Schedules.*none yet/s)

  const commit = server.repository.commit('Before the night')
  server.wait(daySeconds)
  expect(await run()).toEqual([expect.stringContaining('gone')])
  expect(await server.farm.builds.list({ limit: 9 })).toMatchObject([
    { commit, branch: 'main', cause: 'schedule', causeDetail: 'nightly', subject: 'Before the night' },
  ])
  const first = await page()
  expect(first).toContain('0 2 * * *')
  expect(first).toContain('Europe/Berlin')
  expect(first).toContain('<a href="/builds/1">build 1</a>')
  expect(first).toMatch(/not yet, retrying: .*gone/)
  const { items } = (await server.ask('/api/v1/projects/sample/schedules')).json()
  const last = (branch: string) => items.find((item: { branch: string }) => item.branch === branch).last
  expect(last('main')).toMatchObject({ state: 'built', buildId: 1, commit })
  expect(last('gone')).toMatchObject({ state: 'due', problem: expect.stringContaining('gone') })

  // A second run of the task makes no second build. After the next night, the commit is the same.
  await run()
  server.wait(daySeconds)
  await run()
  expect(await server.stored()).toBe(1)
  expect(await page()).toContain('no new commit')
})
