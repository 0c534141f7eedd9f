// `./farm backup` and `./farm restore`. The arguments are the verb, the caller's directory, and the caller's arguments.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RestoreError } from '@rumpfarm/farm'
import { startTemporaryPostgres } from '@rumpfarm/local-postgres'
import pino from 'pino'
import { ConfigError, type Places, readPlaces } from '../config.ts'
import { BackupError, type CheckedBackup, checkBackup, findMissingFiles, type MissingFiles } from './check-backup.ts'
import type { Totals } from './contents.ts'
import { findDatabase } from './database.ts'
import { loadDatabase } from './load-database.ts'
import { type BackupReport, type BackupRequest, makeBackup } from './make-backup.ts'
import { type BackupOptions, type BackupVerb, OptionsError, readBackupOptions } from './options.ts'
import { type BackupTarget, openTarget, withLocalFile } from './places.ts'
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
  try {
    const report = await writeBackup(await openTarget(file), {
      places,
      databaseUrl: database.url,
      version: version(),
      logs,
    })
    say(`${file ?? 'the backup'} has ${describe(report)}`)
    sayLogs(places, report, logs)
    return 0
  } finally {
    await database.close()
  }
}

function version(): string {
  return JSON.parse(readFileSync('package.json', 'utf8')).version
}

async function writeBackup(target: BackupTarget, request: Omit<BackupRequest, 'target'>): Promise<BackupReport> {
  try {
    const report = await makeBackup({ ...request, target: target.stream })
    await target.finish()
    return report
  } finally {
    await target.close()
  }
}

function sayLogs({ bucket }: Places, { files, newFiles }: BackupReport, logs: string | undefined): void {
  if (bucket) say('The logs and artifacts are in the bucket of STORAGE_URL. They are not in the backup')
  else if (logs !== undefined) say(`${logs} has all of them now. New: ${count(newFiles, 'file')}`)
  else if (files > 0) say('The backup only lists the logs and artifacts. To copy them, add --logs DIR')
}

function verify(_: Places, { file = '', logs }: BackupOptions): Promise<number> {
  return withLocalFile(file, async path => {
    const checked = await checkBackup(path)
    const postgres = await startTemporaryPostgres()
    try {
      await loadDatabase({ file: path, backup: checked, databaseUrl: postgres.url, replace: false })
    } finally {
      await postgres.stop()
    }
    say(`${file} of ${checked.about.takenAt} is whole, and PostgreSQL accepts it: ${describe(checked.totals)}`)
    return logs === undefined ? 0 : sayMissing(await findMissingFiles(path, logs), checked, logs)
  })
}

function restore(places: Places, { file = '', logs, replace }: BackupOptions): Promise<number> {
  return withLocalFile(file, async path => {
    const request = { places, file: path, logs, replace, openDatabase: () => findDatabase(places, log) }
    const { backup: restored, farmFileOfBackup, missing } = await restoreBackup(request)
    say(`restored the farm of ${restored.about.takenAt}: ${describe(restored.totals)}`)
    if (farmFileOfBackup)
      say(
        `${places.farmFile} is not the one of the backup, and stays. If you need the other one, it is ${farmFileOfBackup}`,
      )
    return sayMissing(missing, restored, join(places.dataDirectory, 'logs'))
  })
}

function sayMissing({ count: missing, paths }: MissingFiles, { totals }: CheckedBackup, directory: string): number {
  if (missing === 0) return 0
  say(`${directory} does not have ${missing} of the ${count(totals.files, 'file')} whole, for example:`)
  for (const path of paths) say(`  ${path}`)
  return 1
}

function describe({ rows, files, fileBytes }: Totals): string {
  const parts = [count(rows.Build ?? 0, 'build'), count(rows.Job ?? 0, 'job'), count(rows.Host ?? 0, 'host')]
  return `${parts.join(', ')}, and a list of ${count(files, 'file')} of logs and artifacts (${Math.round(fileBytes / 1e6)} MB)`
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
