// `./farm backup` and `./farm restore`. The arguments are the verb, the caller's directory, and the caller's arguments.
import { createWriteStream, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { RestoreError } from '@rumpfarm/farm'
import { startTemporaryPostgres } from '@rumpfarm/local-postgres'
import pino from 'pino'
import { ConfigError, type Places, readPlaces } from '../config.ts'
import { BackupError, type CheckedBackup, checkBackup, findMissingFiles, type MissingFiles } from './check-backup.ts'
import type { Totals } from './contents.ts'
import { findDatabase } from './database.ts'
import { loadDatabase } from './load-database.ts'
import { makeBackup } from './make-backup.ts'
import { type BackupOptions, type BackupVerb, OptionsError, readBackupOptions } from './options.ts'
import { restoreBackup } from './restore-backup.ts'

const log = pino({ level: 'warn' }, pino.destination(2))
const say = (line: string): void => void process.stderr.write(`${line}\n`)

try {
  const [verb = 'backup', from = '', ...args] = process.argv.slice(2)
  const options = readBackupOptions(verb as BackupVerb, args, from)
  const places = readPlaces()
  process.exitCode = await { backup, verify, restore }[options.verb](places, options)
} catch (error) {
  say(`farm: ${isForOperator(error) ? error.message : (error as Error).stack}`)
  process.exitCode = error instanceof OptionsError ? 2 : 1
}

/** Whether the message alone helps the operator. Another error is a defect, and its stack helps to find it. */
function isForOperator(error: unknown): error is Error {
  return (
    [BackupError, RestoreError, ConfigError, OptionsError].some(kind => error instanceof kind) ||
    typeof (error as NodeJS.ErrnoException).code === 'string'
  )
}

async function backup(places: Places, { file, logs }: BackupOptions): Promise<number> {
  const database = await findDatabase(places, log)
  const draft = file && `${file}.incomplete`
  try {
    const target = draft === undefined ? process.stdout : openDraft(draft)
    const version = JSON.parse(readFileSync('package.json', 'utf8')).version
    const report = await makeBackup({ places, databaseUrl: database.url, version, target, logs })
    if (file && draft) renameSync(draft, file)
    say(`${file ?? 'the backup'} has ${describe(report)}`)
    if (logs !== undefined) say(`${logs} has these files now; ${count(report.newFiles, 'file')} of them are new`)
    else if (report.files > 0) say('The backup only lists the logs and artifacts. To copy them, add --logs DIR')
    return 0
  } finally {
    if (draft) rmSync(draft, { force: true })
    await database.close()
  }
}

/** Only the owner can read the file, because it has the secrets of the farm. */
function openDraft(path: string): Writable {
  mkdirSync(dirname(path), { recursive: true })
  return createWriteStream(path, { mode: 0o600, flush: true })
}

async function verify(_: Places, { file = '', logs }: BackupOptions): Promise<number> {
  const checked = await checkBackup(file)
  const postgres = await startTemporaryPostgres()
  try {
    await loadDatabase({ file, backup: checked, databaseUrl: postgres.url, replace: false })
  } finally {
    await postgres.stop()
  }
  say(`${file} of ${checked.about.takenAt} is whole, and PostgreSQL accepts it: ${describe(checked.totals)}`)
  return logs === undefined ? 0 : sayMissing(await findMissingFiles(file, logs), checked, logs)
}

async function restore(places: Places, { file = '', logs, replace }: BackupOptions): Promise<number> {
  const request = { places, file, logs, replace, openDatabase: () => findDatabase(places, log) }
  const { backup: restored, differentFarmFile, missing } = await restoreBackup(request)
  say(`restored the farm of ${restored.about.takenAt}: ${describe(restored.totals)}`)
  if (differentFarmFile)
    say(
      `${differentFarmFile} is not the one of the backup, and stays. To see the other one: tar -xOf ${file} farm.yaml`,
    )
  return sayMissing(missing, restored, join(places.dataDirectory, 'logs'))
}

function sayMissing({ count: missing, paths }: MissingFiles, { totals }: CheckedBackup, directory: string): number {
  if (missing === 0) return 0
  say(`${directory} does not have ${missing} of the ${count(totals.files, 'file')} whole, for example:`)
  for (const path of paths) say(`  ${path}`)
  return 1
}

function describe({ rows, files, fileBytes }: Totals): string {
  const parts = [count(rows.Build ?? 0, 'build'), count(rows.Job ?? 0, 'job'), count(rows.Host ?? 0, 'host')]
  return `${parts.join(', ')}, and a list of ${count(files, 'log and artifact', 'logs and artifacts')} of ${Math.round(fileBytes / 1e6)} MB`
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
