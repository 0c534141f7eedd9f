import { join } from 'node:path'
import { storedSize } from '@rumpfarm/storage'
import { checksumsName, type Member, readArchive, sha256 } from './archive.ts'
import * as contents from './contents.ts'

/** Thrown for a file that is no whole backup, or that cannot be restored here. The message says why, and what to do. */
export class BackupError extends Error {}

export interface CheckedBackup {
  about: contents.About
  totals: contents.Totals
  /** The secrets by name, and farm.yaml if the farm had one. */
  secrets: ReadonlyMap<string, Buffer>
  farmFile: Buffer | undefined
}

/**
 * Reads the whole file and compares each member with its checksum, and the rows with their counts. Throws a
 * `BackupError` if a byte is wrong or something is missing.
 */
export async function checkBackup(file: string): Promise<CheckedBackup> {
  const found = new FoundMembers()
  try {
    for await (const member of readArchive(file)) await found.take(member)
  } catch (error) {
    if (error instanceof BackupError) throw error
    if ((error as NodeJS.ErrnoException).syscall) throw new BackupError(`cannot read ${file}: ${whyUnreadable(error)}`)
    throw new BackupError(`${file} is not a backup, or it is damaged: ${(error as Error).message}`)
  }
  return found.whole(file)
}

function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'permission denied. Run the command as the user who made the backup'
  return message
}

class FoundMembers {
  readonly #sums: string[] = []
  readonly #secrets = new Map<string, Buffer>()
  readonly #rows: Record<string, number> = {}
  #about: contents.About | undefined
  #totals: contents.Totals | undefined
  #farmFile: Buffer | undefined
  #checked = false

  async take({ name, content }: Member): Promise<void> {
    if (this.#about === undefined && name !== contents.aboutName)
      throw new BackupError(`it begins with ${name}, and a backup of the farm begins with ${contents.aboutName}`)
    if (name === checksumsName) return this.#compare(content.toString())
    this.#sums.push(`${sha256(content)}  ${name}\n`)
    const table = contents.tableOf(name)
    const secret = contents.secretOf(name)
    if (table) this.#rows[table] = (this.#rows[table] ?? 0) + contents.linesIn(await contents.unpack(content))
    else if (secret) this.#secrets.set(secret, content)
    else if (name === contents.aboutName) this.#about = readAbout(content)
    else if (name === contents.totalsName) this.#totals = JSON.parse(content.toString())
    else if (name === contents.farmFileName) this.#farmFile = content
  }

  #compare(expected: string): void {
    const wanted = expected.split('\n')
    const wrong = this.#sums.findIndex((line, index) => line !== `${wanted[index]}\n`)
    if (wrong >= 0)
      throw new BackupError(`the backup is damaged: ${this.#sums[wrong]?.slice(66).trim()} has another checksum`)
    this.#checked = expected === this.#sums.join('')
  }

  whole(file: string): CheckedBackup {
    const [about, totals] = [this.#about, this.#totals]
    if (!about || !totals || !this.#checked) throw new BackupError(`${file} is not whole: its end is missing`)
    const wrong = about.tables.find(({ name }) => (this.#rows[name] ?? 0) !== totals.rows[name])
    if (wrong) throw new BackupError(`the backup is damaged: rows of the table ${wrong.name} are missing`)
    return { about, totals, secrets: this.#secrets, farmFile: this.#farmFile }
  }
}

function readAbout(content: Buffer): contents.About {
  const about = JSON.parse(content.toString()) as contents.About
  if (about.format === 1) return about
  throw new BackupError(
    `a newer version of the farm (${about.version}) made this backup, with the format ${about.format}. Restore it with that version`,
  )
}

/** Calls `take` for each log and artifact that the backup names. */
export async function eachStoredFile(
  file: string,
  take: (path: string, bytes: number) => Promise<void> | void,
): Promise<void> {
  for await (const { name, content } of readArchive(file)) {
    if (!contents.isFilesName(name)) continue
    for (const line of (await contents.unpack(content)).toString().split('\n').slice(0, -1)) {
      const space = line.indexOf(' ')
      await take(JSON.parse(line.slice(space + 1)), Number(line.slice(0, space)))
    }
  }
}

export interface MissingFiles {
  count: number
  /** The first ten. */
  paths: string[]
}

/** Finds the logs and artifacts of the backup that are not in `directory`, or that are shorter there. */
export async function findMissingFiles(file: string, directory: string): Promise<MissingFiles> {
  const missing: MissingFiles = { count: 0, paths: [] }
  await eachStoredFile(file, async (path, bytes) => {
    if (await isWhole(join(directory, path), bytes)) return
    missing.count++
    if (missing.paths.length < 10) missing.paths.push(path)
  })
  return missing
}

/** Whether the file has at least so many bytes. A stored file of a later time can be longer, or a compressed log. */
export const isWhole = async (path: string, bytes: number): Promise<boolean> =>
  ((await storedSize(path)) ?? -1) >= bytes
