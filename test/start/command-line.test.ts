import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '../support/postgres.ts'
import { ServerProcess } from '../support/server-process.ts'

const farm = fileURLToPath(new URL('../../farm', import.meta.url))
const farmFile = `${farm}.yaml`
const timeout = 300_000

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
  expect(stale.status).toBe(3)
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

test('./farm status exits with 3 if there is no result, and an unknown command names the most similar one', {
  timeout,
}, async () => {
  const { start, run } = await scene()
  await start()
  expect(run(['status'])).toEqual({
    status: 3,
    output: expect.stringMatching(/^http:\S+: 0 hosts, 0 jobs waiting or running\n/),
  })
  expect(run(['satus'])).toEqual({
    status: 2,
    output: './farm: unknown command "satus"; did you mean "status"?\n./farm help lists the commands\n',
  })
  expect(run(['strat']).output).toMatch(/did you mean "start"\?/)
  expect(run(['demo', '--help'])).toEqual({ status: 0, output: expect.stringMatching(/^usage: \.\/farm demo /) })
})

test('npm pack makes a package that is installed without a network, and needs only Node.js', { timeout }, async () => {
  const { directory, start } = await scene()
  const server = await start()
  const npm = (...args: string[]) => {
    const env = { PATH: process.env.PATH ?? '', HOME: directory, npm_config_cache: join(directory, 'npm') }
    const { status, stdout, stderr } = spawnSync('npm', args, {
      encoding: 'utf8',
      env,
      cwd: join(dirname(farm), 'apps/cli'),
    })
    if (status !== 0) throw new Error(stderr)
    return stdout
  }
  const [packed] = JSON.parse(npm('pack', '--json', '--pack-destination', directory))
  expect(packed.files.map(({ path }: { path: string }) => path).sort()).toEqual([
    'dist/LICENSE',
    'dist/rumpfarm.mjs',
    'package.json',
  ])
  const empty = join(directory, 'empty')
  await mkdir(empty)
  npm('install', '--offline', '--no-audit', '--no-fund', '--prefix', empty, join(directory, packed.filename))
  expect(await readdir(join(empty, 'node_modules'))).toEqual(['.bin', '.package-lock.json', 'rumpfarm'])
  const run = (args: string[], env: Record<string, string> = {}) => {
    const program = join(empty, 'node_modules/.bin/rumpfarm')
    const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: empty, env: { PATH, ...env } })
    return { status, output: stdout + stderr }
  }
  const RUMPFARM_URL = server.url
  expect(run(['status'], { RUMPFARM_URL })).toEqual({
    status: 3,
    output: expect.stringContaining(`${server.url}: 0 hosts`),
  })
  const token = await readFile(join(directory, 'secrets/admin-token'), 'utf8')
  expect(run(['admin'], { RUMPFARM_URL, RUMPFARM_TOKEN: token.trim() }).output).toMatch(/^http:\S+\/login\/\S+\n$/)
  expect(run(['admin'], { RUMPFARM_URL })).toEqual({ status: 3, output: expect.stringMatching(/Set RUMPFARM_TOKEN/) })
  expect(run(['check-config', farmFile])).toEqual({ status: 0, output: `${farmFile}: no errors\n` })
  expect(JSON.parse(run(['schema']).output)).toEqual(await (await fetch(`${server.url}/farm.schema.json`)).json())
  expect(run(['--version']).output).toMatch(/^rumpfarm \d+\.\d+\.\d+\n$/)
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
