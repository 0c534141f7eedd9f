import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, readlink, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { findPostgres } from './binaries.ts'
import { chooseLocation } from './location.ts'
import { passwordFile } from './password-file.fixture.ts'
import { startLocalPostgres } from './postgres.ts'
import { readPostmasterPidFile } from './postmaster-pid-file.ts'
import { isAlive } from './process-table.ts'
import { findRunningPostgres } from './running.ts'
import { runInSingleUserMode } from './single-user.ts'

const asRoot = process.getuid?.() === 0
let bundle: string
let home: string
/** A data directory of a stopped PostgreSQL. A test copies it, because initdb would take a second. */
let template: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rumpfarm-embedded-'))
  await chmod(home, 0o711)
  bundle = await bundleStarter()
  template = await newDirectory()
  await (await startLocalPostgres(requestFor(template))).stop()
})

afterAll(() => rm(home, { recursive: true }))

const newDirectory = async (mode = 0o711): Promise<string> => {
  const directory = await mkdtemp(join(home, 'farm-'))
  await chmod(directory, mode)
  return directory
}

/** Makes a directory with the data of an earlier start. */
const usedDirectory = async (): Promise<string> => {
  const directory = await newDirectory()
  spawnSync('cp', ['-a', `${template}/.`, directory])
  return directory
}

const requestFor = (directory: string, fallback = join(home, 'fallback')) => ({
  directory,
  passwordFile: passwordFile(join(directory, 'password')),
  fallback,
  log: { info: () => {}, error: () => {} },
})

const start = async (directory: string, fallback?: string) => {
  const postgres = await startLocalPostgres(requestFor(directory, fallback))
  onTestFinished(() => postgres.stop())
  return postgres
}

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8)

// Bundles the code of a separate server process, which a test can kill, into one file (apps/server/build.mjs).
const bundleStarter = async (): Promise<string> => {
  const { bundle } = await import('../../../apps/server/build.mjs')
  const { starter } = await bundle({ starter: new URL('./starter.fixture.ts', import.meta.url) })
  return starter
}

interface Server {
  child: ChildProcess
  url: string
  postgres: number
}

const startServer = async (directory: string, account: { uid?: number; gid?: number } = {}): Promise<Server> => {
  const args = [
    '--input-type=module',
    '-e',
    `import ${JSON.stringify(bundle)}`,
    'server',
    directory,
    join(home, 'fallback'),
  ]
  const child = spawn(process.execPath, args, { ...account, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data')
  const [url, postgres] = String(line).trim().split(' ')
  return { child, url: url as string, postgres: Number(postgres) }
}

/** Changes the data to the state of an earlier version, in which a superuser owned everything. */
const becomeEarlier = async (directory: string): Promise<void> => {
  const { data, native, account } = chooseLocation({ directory, package: await findPostgres(), fallback: '' })
  runInSingleUserMode({ data, native, account }, data, [
    'REASSIGN OWNED BY rumpfarm TO postgres',
    'DROP OWNED BY rumpfarm',
    'DROP ROLE rumpfarm',
  ])
  await writeFile(join(data, 'pg_hba.conf'), 'local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n')
}

const killServer = async ({ child }: Server): Promise<void> => {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const ended = async (pid: number): Promise<void> => {
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false)
}

test('another program finds the running PostgreSQL, and none after its end', async () => {
  const directory = await usedDirectory()
  expect(findRunningPostgres(requestFor(directory))).toBeUndefined()
  const postgres = await startLocalPostgres(requestFor(directory))
  const found = findRunningPostgres(requestFor(directory))
  expect(found).toBe(postgres.url)
  expect(await query(found ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  await postgres.stop()
  expect(findRunningPostgres(requestFor(directory))).toBeUndefined()
})

test('PostgreSQL listens only on a private socket and needs a password; the farm’s role is not a superuser', async () => {
  const directory = await newDirectory()
  const { url } = await start(directory)
  const [settings] = await query(
    url,
    `SELECT current_setting('listen_addresses') AS addresses, current_setting('jit') AS jit, rolsuper AS super, rolcreatedb AS databases
       FROM pg_roles WHERE rolname = current_user`,
  )

  expect(settings).toEqual({ addresses: '', jit: 'off', super: false, databases: false })
  expect(await modeOf(join(directory, 'data'))).toBe('700')
  expect(await modeOf(join(directory, 'data-socket'))).toBe('700')
  await expect(query(url.replace(/:[0-9a-f]{48}@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(
    /password authentication failed/,
  )
  await expect(query(url.replace('rumpfarm:', 'postgres:'), 'SELECT 1')).rejects.toThrow(/no pg_hba.conf entry/)
})

test('if the path is too long for a socket, PostgreSQL listens in a short temporary directory', async () => {
  const directory = await newDirectory()
  const long = join(directory, 'x'.repeat(120))
  await mkdir(long, { mode: 0o711 })
  const server = await startServer(long)
  const abandoned = await readlink(join(long, 'data-socket'))
  await query(server.url, "CREATE TABLE kept AS SELECT 'yes' AS value")
  await killServer(server)
  await ended(server.postgres)

  const postgres = await start(long)
  const short = await readlink(join(long, 'data-socket'))
  expect(await query(postgres.url, 'SELECT value FROM kept')).toEqual([{ value: 'yes' }])
  expect(await modeOf(short)).toBe('700')
  expect(existsSync(abandoned)).toBe(false)
  await postgres.stop()
  expect(existsSync(short)).toBe(false)
})

test('the farm’s role becomes the owner of the database of an older version', async () => {
  const directory = await usedDirectory()
  const first = await start(directory)
  await query(
    first.url,
    `CREATE TYPE mood AS ENUM ('good'); CREATE SCHEMA queue; CREATE TABLE queue.job (id serial, mood mood);
     CREATE FUNCTION queue.add() RETURNS void LANGUAGE sql AS 'INSERT INTO queue.job (mood) VALUES (''good'')'`,
  )
  await first.stop()
  await becomeEarlier(directory)

  const { url } = await start(directory)
  await query(url, "SELECT queue.add(); ALTER TABLE queue.job ADD COLUMN more int; ALTER TYPE mood ADD VALUE 'bad'")
  expect(await query(url, 'SELECT id, mood FROM queue.job')).toEqual([{ id: 1, mood: 'good' }])
  expect(await query(url, 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).toEqual([{ rolsuper: false }])
})

test('after a normal stop, the next start finds the data', async () => {
  const directory = await usedDirectory()
  const first = await start(directory)
  await query(first.url, "CREATE TABLE kept AS SELECT 'yes' AS value")
  await first.stop()
  expect(isAlive(first.pid)).toBe(false)
  expect(readPostmasterPidFile(join(directory, 'data'))).toBeUndefined()

  const second = await start(directory)
  expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 'yes' }])
})

test('if the server that started PostgreSQL is killed, PostgreSQL ends', async () => {
  const directory = await usedDirectory()
  const server = await startServer(directory)
  await killServer(server)
  await ended(server.postgres)

  expect(await readFile(join(directory, 'postgres.log'), 'utf8')).toContain('received fast shutdown request')
})

test('if the server starts again immediately after it was killed, it finds the committed data', async () => {
  const directory = await usedDirectory()
  const server = await startServer(directory)
  await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS value')
  await killServer(server)

  const { url } = await start(directory)
  expect(await query(url, 'SELECT value FROM kept')).toEqual([{ value: 42 }])
})

test('a start stops the PostgreSQL of a killed server, and recovers the data', async () => {
  const directory = await usedDirectory()
  const server = await startServer(directory)
  await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS value')
  process.kill(server.postgres, 'SIGSTOP') // a stopped process does not react to the watcher's signal
  await killServer(server)
  const next = start(directory)
  process.kill(server.postgres, 'SIGCONT')

  expect(await query((await next).url, 'SELECT value FROM kept')).toEqual([{ value: 42 }])
})

test('after PostgreSQL was killed, the next start recovers the committed data', async () => {
  const directory = await usedDirectory()
  const server = await startServer(directory)
  await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS value')
  process.kill(server.postgres, 'SIGKILL')
  await once(server.child, 'exit')

  const { url } = await start(directory)
  expect(await query(url, 'SELECT value FROM kept')).toEqual([{ value: 42 }])
  expect(await readFile(join(directory, 'postgres.log'), 'utf8')).toContain(
    'database system was not properly shut down',
  )
})

test('if another program now has the process id of an old postmaster, a start ignores this process id', async () => {
  const directory = await usedDirectory()
  const bystander = spawn('sleep', ['600'])
  onTestFinished(() => void bystander.kill())
  const note = [bystander.pid, join(directory, 'data'), 1, 5432, '', '127.0.0.1', '', 'ready', ''].join('\n')
  await writeFile(join(directory, 'data/postmaster.pid'), note)

  const { url } = await start(directory)
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect(bystander.exitCode).toBeNull()
})

test('a second server in the same directory does not start, and the first server continues', async () => {
  const directory = await usedDirectory()
  const first = await start(directory)

  await expect(start(directory)).rejects.toThrow(/another Rumpfarm server \(process \d+\) is using/)
  expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('the error about a lost or empty password file says what to do', async () => {
  const directory = await usedDirectory()
  const password = join(directory, 'password')

  await writeFile(password, '')
  await expect(start(directory)).rejects.toThrow(/password is empty or cut off.*restore it from a backup, or remove/)
  await unlink(password)
  await expect(start(directory)).rejects.toThrow(/password is missing.*restore it from a backup, or remove/)
})

test('if the database is damaged, the error contains the end of the log of PostgreSQL', async () => {
  const directory = await usedDirectory()
  await unlink(join(directory, 'data/global/pg_control'))

  await expect(start(directory)).rejects.toThrow(/PostgreSQL did not start[\s\S]*pg_control/)
})

test('after an interrupted initdb, the next start runs initdb again', async () => {
  const directory = await newDirectory()
  await mkdir(join(directory, 'data.new'))
  await writeFile(join(directory, 'data.new/PG_VERSION'), '18\n')

  const { url } = await start(directory)
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

// If root runs the tests, this test starts PostgreSQL as the user nobody.
test('an ordinary user can run PostgreSQL in a directory of their own', async () => {
  const directory = await newDirectory()
  const account = asRoot ? { uid: 65534, gid: 65534 } : {}
  if (asRoot) await chown(directory, 65534, 65534)
  const server = await startServer(directory, account)
  onTestFinished(async () => {
    await killServer(server)
    await ended(server.postgres)
  })

  expect((await stat(join(directory, 'data'))).uid).toBe(account.uid ?? process.getuid?.())
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test.runIf(asRoot)(
  'if root has a private home, PostgreSQL keeps its data in the fallback directory and finds it again',
  async () => {
    const directory = await newDirectory(0o700)
    const fallback = join(await newDirectory(), 'var')
    const first = await start(directory, fallback)
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS value')
    await first.stop()

    const second = await start(directory, fallback)
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 42 }])
    expect(
      spawnSync('find', [fallback, '-name', 'PG_VERSION', '-path', '*-*/PG_VERSION']).stdout.length,
    ).toBeGreaterThan(0)
  },
)

test.runIf(asRoot)('if the directory becomes private, a start fails and the data stays', async () => {
  const directory = await usedDirectory()
  await chmod(directory, 0o700)

  await expect(start(directory)).rejects.toThrow(/a directory above has become private/)
  expect(await modeOf(join(directory, 'data'))).toBe('700')
})
