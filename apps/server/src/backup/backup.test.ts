import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { finished } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { openDirectoryStorage } from '@rumpfarm/storage'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  createEmptyDatabase,
  createTestDatabase,
  type TestDatabase,
  withClient,
} from '../../../../test/support/postgres.ts'
import type { Places } from '../config.ts'
import { checkBackup, findMissingFiles } from './check-backup.ts'
import { type BackupReport, makeBackup } from './make-backup.ts'
import { restoreBackup } from './restore-backup.ts'

let directory: string
let farm: TestDatabase
let other: TestDatabase

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rumpfarm-backup-'))
  farm = await createTestDatabase()
  other = await createEmptyDatabase()
  await run(farm, addFarm)
})

afterEach(async () => {
  rmSync(directory, { recursive: true })
  await farm.drop()
  await other.drop()
})

const run = async (database: TestDatabase, sql: string): Promise<Record<string, unknown>[]> =>
  withClient(database.url, async client => (await client.query(sql)).rows)

/** Values that a text format must not change: tabs, line ends, backslashes, NULL and \N, arrays, JSON with its order. */
const addFarm = `
  INSERT INTO "Project" (name, config, "configHash", "updatedAt") VALUES ('base', '{"z": 1, "a": "\\\\n"}', 'hash', now());
  INSERT INTO "Host" (name, "credentialHash", facts, "agentVersion", "enrolledAt", "lastSeenAt", "recentJobMs")
    VALUES ('vax', 'secret', '{"uname": "NetBSD\\tvax"}', '1.0.0', now(), now(), '{3,1,2}');
  INSERT INTO "Recipe" VALUES ('recipe', '{"steps": []}');
  INSERT INTO "Build" ("projectName", commit, branch, subject, author, "createdAt")
    SELECT 'base', 'c' || n, 'main', E'a\\tb\\nc\\\\d \\\\N é 🚜 ' || n, NULL, now() FROM generate_series(1, 300) n;
  INSERT INTO "Job" ("buildId", "projectName", "hostId", arch, variant, "recipeHash")
    SELECT b.id, 'base', h.id, 'vax', '', 'recipe' FROM "Build" b, "Host" h;
  DELETE FROM "Job" WHERE id > 290;
  INSERT INTO "OpenAttempt" ("jobId", number, "hostId", "projectName", "buildId", state, "queuedAt", steps)
    VALUES (1, 2, 1, 'base', 1, 'queued', now(), '[{"name": "a\\nb"}]'), (2, 1, 1, 'base', 2, 'waiting', now(), '[]');
  INSERT INTO "FinishedAttempt" ("jobId", number, "hostId", "queuedAt", "finishedAt", verdict, "logBytes")
    VALUES (1, 1, 1, now(), now(), 'lost', 5000000000), (3, 1, 1, now(), now(), 'passed', 7)`

const everything = `SELECT (SELECT json_agg(b ORDER BY id) FROM "Build" b) AS builds,
  (SELECT json_agg(j ORDER BY id) FROM "Job" j) AS jobs, (SELECT json_agg(h) FROM "Host" h) AS hosts,
  (SELECT json_agg(a ORDER BY "jobId", number) FROM "Attempt" a) AS attempts, (SELECT json_agg(o ORDER BY "jobId") FROM "OpenAttempt" o) AS open,
  (SELECT config::text FROM "Project") AS config, (SELECT count(*) FROM pg_constraint) AS constraints,
  (SELECT count(*) FROM pg_indexes WHERE schemaname = 'public') AS indexes`

const placesOf = (name: string): Places => ({
  dataDirectory: join(directory, name),
  farmFile: join(directory, name, 'farm.yaml'),
  databaseUrl: undefined,
  databaseDirectUrl: undefined,
  bucket: undefined,
})

const file = () => join(directory, 'farm.tar')
const logs = () => join(directory, 'copies')

function addFiles(places: Places, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(places.dataDirectory, name, '..'), { recursive: true })
    writeFileSync(join(places.dataDirectory, name), content)
  }
}

async function backUp(options: { logs?: string; meanwhile?: () => Promise<unknown> } = {}): Promise<BackupReport> {
  const target = new PassThrough()
  const pieces: Buffer[] = []
  target.on('data', piece => pieces.push(piece))
  const first = new Promise(resolve => target.once('data', resolve)).then(options.meanwhile)
  const request = { places: placesOf('old'), databaseUrl: farm.url, version: '1', target, logs: options.logs }
  const report = await makeBackup(request)
  await Promise.all([first, finished(target)])
  writeFileSync(file(), Buffer.concat(pieces))
  return report
}

const restore = ({ into = other, inUse = false, replace = false, from }: RestoreOptions = {}) =>
  restoreBackup({
    places: placesOf('new'),
    file: file(),
    logs: from,
    replace,
    openDatabase: async () => ({ url: into.url, inUse, close: async () => {} }),
  })

interface RestoreOptions {
  into?: TestDatabase
  inUse?: boolean
  replace?: boolean
  from?: string
}

describe('the database', () => {
  test('a restored farm has every value of the backup, and gives no number twice', async () => {
    const { rows } = await backUp()
    await restore()

    expect(rows).toMatchObject({ Build: 300, Job: 290, Host: 1 })
    expect(await run(other, everything)).toEqual(await run(farm, everything))
    const next = await run(other, `SELECT nextval(pg_get_serial_sequence('"Job"', 'id'))::int AS id`)
    expect(next).toEqual([{ id: 301 }])
  })

  test('a backup has the rows of one moment, although the farm works meanwhile', async () => {
    const addBuild = `INSERT INTO "Build" ("projectName", commit, "createdAt") VALUES ('base', 'later', now());
      UPDATE "Host" SET slots = 7`
    const { rows } = await backUp({ meanwhile: () => run(farm, addBuild) })
    await restore()

    expect(rows.Build).toBe(300)
    expect(await run(other, 'SELECT slots FROM "Host"')).toEqual([{ slots: 1 }])
    expect(await run(farm, 'SELECT slots FROM "Host"')).toEqual([{ slots: 7 }])
  })

  test('without --replace, a restore does not delete a farm', async () => {
    await backUp()
    await run(farm, `UPDATE "Host" SET name = 'alpha'`)
    await expect(restore({ into: farm })).rejects.toThrow(
      'already has a farm. To delete that farm and restore the backup, add --replace',
    )
    expect(await run(farm, 'SELECT name FROM "Host"')).toEqual([{ name: 'alpha' }])

    await restore({ into: farm, replace: true })
    expect(await run(farm, 'SELECT name FROM "Host"')).toEqual([{ name: 'vax' }])
  })

  test('a restore does not touch a database that a server uses', async () => {
    await backUp()
    await withClient(other.url, async () => {
      await expect(restore()).rejects.toThrow('the database is in use: it has 1 other connection. Stop all servers')
    })
    await expect(restore({ inUse: true })).rejects.toThrow('is running. Stop it, then restore again')
    expect(await run(other, `SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public'`)).toEqual([{ count: 0 }])
  })
})

describe('the file', () => {
  const damages: [string, (path: string) => void, string][] = [
    ['without its end', path => truncateSync(path, readFileSync(path).indexOf('sha256sums.txt')), 'its end is missing'],
    ['cut in a member', path => truncateSync(path, 3000), 'Unexpected end of data'],
    ['with another byte', path => flipByte(path, 'postgres-note'), 'secrets/note has another checksum'],
    ['that is something else', path => writeFileSync(path, 'x'.repeat(4096)), 'is not a backup'],
  ]
  test.each(damages)('a backup %s is refused before anything changes', async (_, damage, message) => {
    addFiles(placesOf('old'), { 'secrets/note': 'postgres-note' })
    await backUp()
    damage(file())

    await expect(checkBackup(file())).rejects.toThrow(message)
    await expect(restore({ into: farm, replace: true })).rejects.toThrow(message)
    expect(await run(farm, 'SELECT name FROM "Host"')).toEqual([{ name: 'vax' }])
  })

  test('that cannot be read is an error that says why', async () => {
    await expect(checkBackup(file())).rejects.toThrow(`cannot read ${file()}: there is no such file`)
    await expect(checkBackup(directory)).rejects.toThrow(`cannot read ${directory}: EISDIR`)
  })

  const flipByte = (path: string, text: string): void => {
    const bytes = readFileSync(path)
    bytes.write('P', bytes.indexOf(text))
    writeFileSync(path, bytes)
  }

  test('a restore brings the secrets and farm.yaml back, and does not replace others', async () => {
    addFiles(placesOf('old'), { 'secrets/server': 'a'.repeat(20), 'farm.yaml': 'projects: {}\n' })
    await backUp()
    expect((await restore()).farmFileOfBackup).toBeUndefined()
    const { dataDirectory, farmFile } = placesOf('new')
    expect(readFileSync(join(dataDirectory, 'secrets/server'), 'utf8')).toBe(`${'a'.repeat(20)}\n`)
    expect(statSync(join(dataDirectory, 'secrets/server')).mode & 0o777).toBe(0o600)
    expect(readFileSync(farmFile, 'utf8')).toBe('projects: {}\n')

    addFiles(placesOf('new'), { 'secrets/server': 'b'.repeat(20), 'farm.yaml': 'projects: {base: {}}\n' })
    await expect(restore({ into: farm })).rejects.toThrow('is another secret than in the backup')
    expect((await restore({ replace: true })).farmFileOfBackup).toBe(`${farmFile}.restored`)
    expect(readFileSync(farmFile, 'utf8')).toBe('projects: {base: {}}\n')
    expect(readFileSync(`${farmFile}.restored`, 'utf8')).toBe('projects: {}\n')
  })
})

describe('logs and artifacts', () => {
  const stored = { 'logs/0/1.1.log': 'one\n', 'logs/0/1.1.artifacts/a,b\nc': 'artifact', 'logs/2/2000.1.log': 'two\n' }

  test('a second backup copies only what is new, and the restore brings all back', async () => {
    addFiles(placesOf('old'), stored)
    expect(await backUp({ logs: logs() })).toMatchObject({ files: 3, fileBytes: 16, newFiles: 3 })
    addFiles(placesOf('old'), { 'logs/2/2001.1.log': 'three\n' })
    expect(await backUp({ logs: logs() })).toMatchObject({ files: 4, newFiles: 1 })

    expect((await restore({ from: logs() })).missing).toEqual({ count: 0, paths: [] })
    for (const [name, content] of Object.entries(stored))
      expect(readFileSync(join(placesOf('new').dataDirectory, name), 'utf8')).toBe(content)
  })

  test('a log that the farm compressed after the list or the copy was made is not missing', async () => {
    const long = 'a line\n'.repeat(10_000)
    addFiles(placesOf('old'), { 'logs/0/1.1.log': long })
    await backUp({ logs: logs() })
    const storage = openDirectoryStorage(join(placesOf('old').dataDirectory, 'logs'))
    await storage.logs.pack({ jobId: 1, number: 1 }, { bytes: long.length, checksum: null })
    await storage.close()
    expect(await findMissingFiles(file(), join(placesOf('old').dataDirectory, 'logs'))).toEqual({ count: 0, paths: [] })
    expect((await restore({ from: join(placesOf('old').dataDirectory, 'logs') })).missing.count).toBe(0)
    expect(gunzipSync(readFileSync(join(placesOf('new').dataDirectory, 'logs/0/1.1.log.gz'))).toString()).toBe(long)

    expect(await backUp({ logs: logs() })).toMatchObject({ files: 1, newFiles: 1 })
    expect(await findMissingFiles(file(), logs())).toEqual({ count: 0, paths: [] })
  })

  test('a log that grows after the restore does not change the copy', async () => {
    addFiles(placesOf('old'), stored)
    await backUp({ logs: logs() })
    await restore({ from: logs() })
    appendFileSync(join(placesOf('new').dataDirectory, 'logs/0/1.1.log'), 'more')
    expect(readFileSync(join(logs(), '0/1.1.log'), 'utf8')).toBe('one\n')
  })

  test('files that are missing or too short are named; a longer file is a newer one, and stays', async () => {
    addFiles(placesOf('old'), stored)
    await backUp()
    addFiles(placesOf('new'), { 'logs/0/1.1.log': 'on', 'logs/2/2000.1.log': 'two\nand more\n' })
    const { missing } = await restore()

    expect(missing.paths.sort()).toEqual(['0/1.1.artifacts/a,b\nc', '0/1.1.log'])
    expect(await findMissingFiles(file(), join(placesOf('old').dataDirectory, 'logs'))).toEqual({ count: 0, paths: [] })
    expect(readFileSync(join(placesOf('new').dataDirectory, 'logs/2/2000.1.log'), 'utf8')).toBe('two\nand more\n')
  })
})
