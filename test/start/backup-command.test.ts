import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../support/postgres.ts'
import { ServerProcess } from '../support/server-process.ts'

const farm = fileURLToPath(new URL('../../farm', import.meta.url))
const { PATH = '', HOME = '/' } = process.env

async function projectsOf({ url }: ServerProcess): Promise<string[]> {
  const { items } = (await (await fetch(`${url}/api/v1/projects`)).json()) as { items: { name: string }[] }
  return items.map(project => project.name)
}

test('the backup of a running farm moves it from its own PostgreSQL to the embedded one', {
  timeout: 240_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-moved-'))
  await chmod(directory, 0o711) // if root runs the test, the account of PostgreSQL needs access
  const database = await createTestDatabase()
  onTestFinished(async () => {
    await rm(directory, { recursive: true })
    await database.drop()
  })
  const old = {
    PATH,
    HOME,
    RUMPFARM_DATA: join(directory, 'old'),
    FARM_FILE: `${farm}.yaml`,
    DATABASE_URL: database.url,
  }
  const moved = { PATH, HOME, RUMPFARM_DATA: join(directory, 'new'), FARM_FILE: join(directory, 'new/farm.yaml') }
  const run = (env: Record<string, string>, ...args: string[]) => {
    const { status, stderr } = spawnSync(farm, args, { encoding: 'utf8', env, cwd: directory })
    return [status, stderr]
  }
  const start = async (env: Record<string, string>) => {
    const server = await ServerProcess.start({ ...env, PORT: '0' }, directory)
    onTestFinished(() => server.stop())
    return server
  }

  const server = await start(old)
  const projects = await projectsOf(server)
  expect(projects).toContain('sample')
  expect(run(old, 'backup', 'farm.tar')).toEqual([0, expect.stringContaining('farm.tar has 0 builds, 0 jobs, 0 hosts')])
  expect((await stat(join(directory, 'farm.tar'))).mode & 0o777).toBe(0o600)
  expect(run(old, 'restore', 'farm.tar', '--replace')).toEqual([1, expect.stringContaining('the database is in use')])
  await server.stop()

  expect(run(moved, 'restore', 'farm.tar')).toEqual([0, expect.stringMatching(/^restored the farm of /)])
  const again = await start(moved)
  expect(await projectsOf(again)).toEqual(projects)
  for (const file of ['secrets/admin-token', 'secrets/server'])
    expect(await readFile(join(moved.RUMPFARM_DATA, file))).toEqual(await readFile(join(old.RUMPFARM_DATA, file)))
  expect(run(moved, 'backup', 'again.tar')).toEqual([0, expect.stringContaining('again.tar has')])
  expect(run(moved, 'restore', 'again.tar', '--replace')).toEqual([1, expect.stringContaining('is running. Stop it')])
})
