import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../support/postgres.ts'
import { ServerProcess } from '../support/server-process.ts'

const farm = fileURLToPath(new URL('../../farm', import.meta.url))
const farmFile = `${farm}.yaml`
const timeout = 120_000

/** A data directory, a server on a port that the system chooses, and `./farm` for that directory. */
async function scene() {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-cli-'))
  const database = await createTestDatabase()
  const { PATH = '', HOME = directory } = process.env
  const common = { PATH, HOME, RUMPFARM_DATA: directory }
  const start = async () => {
    const server = await ServerProcess.start(
      { ...common, PORT: '0', DATABASE_URL: database.url, FARM_FILE: farmFile },
      directory,
    )
    onTestFinished(() => server.stop())
    return server
  }
  onTestFinished(async () => {
    await rm(directory, { recursive: true })
    await database.drop()
  })
  const run = (args: string[], env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync(farm, args, { encoding: 'utf8', env: { ...common, ...env }, cwd: '/' })
    return { status, output: stdout + stderr }
  }
  return { directory, start, run }
}

test('./farm finds a server that does not run on the default port', { timeout }, async () => {
  const { start, run } = await scene()
  const server = await start()
  const { status, output } = run(['admin'])
  expect([status, output]).toEqual([0, expect.stringMatching(new RegExp(`^${server.url}/login/\\S+\n$`))])
})

test('./farm lists the addresses that it tried, also after the server was killed', { timeout }, async () => {
  const { directory, start, run } = await scene()
  const server = await start()
  await server.kill9()
  const stale = run(['token', 'list'], { HOST: '127.9.9.9' }) // at this address no farm listens on the default port
  expect(stale.status).toBe(1)
  expect(stale.output).toBe(
    `farm: no farm answers. Tried:
  ${directory}/server.json: the server that wrote it (process ${server.pid}) has ended
  http://127.9.9.9:8080 (the default port): ECONNREFUSED
Start the farm with npm start, or set RUMPFARM_URL to its address
`,
  )
  await (await start()).stop()
  expect(run(['token', 'list'], { HOST: '127.9.9.9' }).output).toContain(
    `${directory}/server.json: no note of a running server\n`,
  )
})

test('if RUMPFARM_URL, PUBLIC_URL or PORT is set, ./farm tries no other address', { timeout }, async () => {
  const { start, run } = await scene()
  await start()
  const url = 'http://127.0.0.1:3'
  for (const env of [{ RUMPFARM_URL: url, PORT: '4' }, { PUBLIC_URL: url, PORT: '4' }, { PORT: '3' }])
    expect(run(['admin'], env as Record<string, string>).output).toMatch(
      /^farm: no farm answers. Tried:\n {2}http:\/\/127\.0\.0\.1:3 \(from (RUMPFARM_URL|PUBLIC_URL|PORT)\): \S+\nStart/,
    )
})
