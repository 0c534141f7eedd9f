// `./farm storage copy`. The arguments are the caller's arguments.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CopyRefusedError, type CopyReport, copyToBucket } from '@rumpfarm/farm'
import { isStorageAway, openBucket } from '@rumpfarm/storage'
import pino from 'pino'
import { findDatabase } from '../backup/database.ts'
import { ConfigError, readPlaces } from '../config.ts'
import { nameOfBucket } from '../membership.ts'

const usage = 'usage: ./farm storage copy    (STORAGE_URL names the bucket)'
const log = pino({ level: 'warn' }, pino.destination(2))
const say = (line: string): void => void process.stderr.write(`${line}\n`)

try {
  process.exitCode = process.argv.slice(2).join(' ') === 'copy' ? await copy() : misused()
} catch (error) {
  const isForOperator = error instanceof ConfigError || error instanceof CopyRefusedError || isStorageAway(error)
  say(`farm: ${isForOperator ? (error as Error).message : (error as Error).stack}`)
  process.exitCode = 1
}

function misused(): number {
  say(usage)
  return 2
}

async function copy(): Promise<number> {
  const places = readPlaces()
  if (!places.bucket) throw new ConfigError('STORAGE_URL is not set, so there is no bucket to copy to')
  const directory = join(places.dataDirectory, 'logs')
  if (!existsSync(directory)) throw new ConfigError(`${directory} does not exist, so there is nothing to copy`)
  const bucket = await openBucket(places.bucket.place, places.bucket.credentials)
  await bucket.ping()
  const database = await findDatabase(places, log)
  try {
    const onProgress = (report: CopyReport) => say(describe(report))
    const storage = nameOfBucket(places.bucket.place)
    const report = await copyToBucket({ databaseUrl: database.url, bucket, storage, directory, onProgress })
    say(
      `${report.failures === 0 ? 'The bucket has all logs and artifacts of' : 'The bucket does not have all files of'} ${directory}`,
    )
    for (const { path, why } of report.failed) say(`${path} was not copied: ${why}`)
    return report.failures === 0 ? 0 : 1
  } finally {
    await database.close()
    bucket.close()
  }
}

function describe({ copied, copiedBytes, present, unknown, failures }: CopyReport): string {
  return `copied ${copied} file${copied === 1 ? '' : 's'} (${Math.round(copiedBytes / 1e6)} MB), ${present} were there, ${unknown} belong to no job, ${failures} failed`
}
