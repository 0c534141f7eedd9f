import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { copyStoredFile } from '@rumpfarm/storage'
import type { Places } from '../config.ts'
import { writeSecret } from '../secret-file.ts'
import {
  BackupError,
  type CheckedBackup,
  checkBackup,
  eachStoredFile,
  findMissingFiles,
  isWhole,
  type MissingFiles,
} from './check-backup.ts'
import type { FoundDatabase } from './database.ts'
import { loadDatabase } from './load-database.ts'

export interface RestoreRequest {
  places: Places
  file: string
  /** The directory with the copies of logs and artifacts; undefined if they are in the data directory already. */
  logs: string | undefined
  replace: boolean
  openDatabase: () => Promise<FoundDatabase>
}

export interface RestoreReport {
  backup: CheckedBackup
  /** If there was a different farm.yaml, which stays: the path to which the restore wrote the one of the backup. */
  farmFileOfBackup: string | undefined
  missing: MissingFiles
}

/**
 * Restores the database, the secrets, farm.yaml if there is none, and the logs. Checks everything that can be checked
 * before it changes anything. Throws a `BackupError` or a `RestoreError` if a person must act first.
 */
export async function restoreBackup(request: RestoreRequest): Promise<RestoreReport> {
  const { places, file, replace } = request
  const backup = await checkBackup(file)
  if (!replace) checkSecrets(places, backup)
  const database = await request.openDatabase()
  try {
    if (database.inUse)
      throw new BackupError(`the farm of ${places.dataDirectory} is running. Stop it, then restore again`)
    await loadDatabase({ file, backup, databaseUrl: database.url, replace })
  } finally {
    await database.close()
  }
  writeSecrets(places, backup)
  const farmFileOfBackup = writeFarmFile(places, backup)
  const directory = join(places.dataDirectory, 'logs')
  if (request.logs !== undefined) await copyLogs(file, request.logs, directory)
  return { backup, farmFileOfBackup, missing: await findMissingFiles(file, directory) }
}

const pathOf = ({ dataDirectory }: Places, secret: string): string => join(dataDirectory, 'secrets', secret)

const differs = (path: string, content: Buffer): boolean => existsSync(path) && !readFileSync(path).equals(content)

function checkSecrets(places: Places, { secrets }: CheckedBackup): void {
  const different = [...secrets].find(([name, content]) => differs(pathOf(places, name), content))
  if (!different) return
  throw new BackupError(
    `${pathOf(places, different[0])} is another secret than in the backup. To replace it and the farm that is here, add --replace`,
  )
}

function writeSecrets(places: Places, { secrets }: CheckedBackup): void {
  mkdirSync(join(places.dataDirectory, 'secrets'), { recursive: true, mode: 0o700 })
  for (const [name, content] of secrets) writeSecret(pathOf(places, name), content.toString().trim())
}

function writeFarmFile({ farmFile }: Places, { farmFile: content }: CheckedBackup): string | undefined {
  if (!content || (existsSync(farmFile) && !differs(farmFile, content))) return undefined
  const path = existsSync(farmFile) ? `${farmFile}.restored` : farmFile
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path === farmFile ? undefined : path
}

/**
 * Copies the files that the backup names. A file that is here already and at least as long stays, because stored files
 * only grow.
 */
async function copyLogs(file: string, from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  await eachStoredFile(file, async (path, bytes) => {
    if (path.split('/').includes('..'))
      throw new BackupError(`the backup names the file ${path} outside of its directory`)
    if (!(await isWhole(join(to, path), bytes)))
      await copyStoredFile(join(from, path), join(to, path), { mayLink: false })
  })
}
