import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { openSnapshot } from '@rumpfarm/farm'
import { copyStoredFile, type StoredFileEntry, storedFiles } from '@rumpfarm/storage'
import type { Places } from '../config.ts'
import { type ArchiveWriter, writeArchive } from './archive.ts'
import * as contents from './contents.ts'

export interface BackupRequest {
  places: Places
  databaseUrl: string
  version: string
  target: Writable
  /** Where to copy logs and artifacts; undefined for only a list of them. */
  logs: string | undefined
}

export interface BackupReport extends contents.Totals {
  /** How many files the copy in `logs` did not have yet. */
  newFiles: number
}

/**
 * Writes a backup of the database, the secrets, farm.yaml, and the list of all logs and artifacts. Servers can run
 * meanwhile: the database is that of one moment, and the logs are at least as long as they were then.
 */
export async function makeBackup(request: BackupRequest): Promise<BackupReport> {
  const archive = writeArchive(request.target)
  const { rows, sequences } = await addDatabase(archive, request)
  await addSmallFiles(archive, request.places)
  const files = await addStoredFiles(archive, request)
  const { newFiles, ...counted } = files
  const totals = { rows, sequences, ...counted }
  await archive.add(contents.totalsName, contents.asJson(totals))
  await archive.finish()
  return { ...totals, newFiles }
}

async function addDatabase(archive: ArchiveWriter, { databaseUrl, version }: BackupRequest) {
  const takenAt = new Date().toISOString()
  const snapshot = await openSnapshot(databaseUrl)
  try {
    const { migrations, tables } = snapshot
    const about: contents.About = { format: 1, version, takenAt, migrations, tables }
    await archive.add(contents.aboutName, contents.asJson(about))
    const rows: Record<string, number> = {}
    for (const table of tables) rows[table.name] = await addRows(archive, table.name, snapshot.rows(table))
    return { rows, sequences: await snapshot.sequences() }
  } finally {
    await snapshot.close()
  }
}

async function addRows(archive: ArchiveWriter, table: string, rows: AsyncIterable<Buffer>): Promise<number> {
  let [piece, count] = [0, 0]
  for await (const lines of contents.wholeLines(rows)) {
    count += contents.linesIn(lines)
    await archive.add(contents.rowsName(table, ++piece), await contents.compress(lines))
  }
  return count
}

async function addSmallFiles(archive: ArchiveWriter, { dataDirectory, farmFile }: Places): Promise<void> {
  const directory = join(dataDirectory, 'secrets')
  // The directory has no secret if the farm receives all of them from its environment.
  for (const name of existsSync(directory) ? readdirSync(directory).sort() : []) {
    const member = contents.secretName(name)
    // A file with another name is the draft of a secret that a crash left.
    if (contents.secretOf(member)) await archive.add(member, readFileSync(join(directory, name)))
  }
  if (existsSync(farmFile)) await archive.add(contents.farmFileName, readFileSync(farmFile))
}

async function addStoredFiles(archive: ArchiveWriter, { places, logs }: BackupRequest) {
  const directory = join(places.dataDirectory, 'logs')
  const counted = { files: 0, fileBytes: 0, newFiles: 0 }
  if (!existsSync(directory)) return counted
  async function* lines(): AsyncIterable<Buffer> {
    for await (const file of storedFiles(directory)) {
      counted.files++
      counted.fileBytes += file.bytes
      if (logs !== undefined) counted.newFiles += await copyTo(logs, directory, file)
      yield Buffer.from(`${file.bytes} ${JSON.stringify(file.path)}\n`)
    }
  }
  let piece = 0
  for await (const part of contents.wholeLines(lines()))
    await archive.add(contents.filesName(++piece), await contents.compress(part))
  return counted
}

const copyTo = async (logs: string, directory: string, { path }: StoredFileEntry): Promise<number> =>
  (await copyStoredFile(join(directory, path), join(logs, path), { mayLink: true })) === 'present' ? 0 : 1
