// Where a backup is: in a file, in an object of a bucket, or on the standard output.
import { createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Bucket, openBucket } from '@rumpfarm/storage'
import { readBackupUrl } from '../config.ts'
import { BackupError } from './check-backup.ts'

/** Receives a backup. The backup appears under its name only when it is whole. */
export interface BackupTarget {
  stream: Writable
  /** Call this when the stream has everything. */
  finish(): Promise<void>
  /** Without `finish`, nothing stays. */
  close(): Promise<void>
}

/** With a single slash, the address is wrong, but it is no path either. */
export const isInBucket = (file: string): boolean => file.startsWith('s3:')

/** Without `file`, the target is the standard output. */
export async function openTarget(file: string | undefined): Promise<BackupTarget> {
  if (file === undefined) return { stream: process.stdout, finish: async () => {}, close: async () => {} }
  return isInBucket(file) ? openObject(file) : openFile(file)
}

/** Only the owner can read the file, because it has the secrets of the farm. */
function openFile(file: string): BackupTarget {
  const draft = `${file}.incomplete`
  mkdirSync(dirname(file), { recursive: true })
  return {
    stream: createWriteStream(draft, { mode: 0o600, flush: true }),
    finish: async () => renameSync(draft, file),
    close: async () => rmSync(draft, { force: true }),
  }
}

async function openObject(url: string): Promise<BackupTarget> {
  const { bucket, name } = await bucketAt(url)
  const stream = new PassThrough()
  const uploaded = bucket.upload(name, stream)
  uploaded.catch(error => stream.destroy(error)) // so that the writer of the backup stops
  return {
    stream,
    finish: () => uploaded,
    async close() {
      stream.destroy(new Error('the backup is not whole'))
      await uploaded.catch(() => {})
      bucket.close()
    },
  }
}

/** Calls `work` with the path of the backup. A backup in a bucket is downloaded first, because it is read several times. */
export async function withLocalFile<Result>(file: string, work: (path: string) => Promise<Result>): Promise<Result> {
  if (!isInBucket(file)) return work(file)
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-backup-'))
  const path = join(directory, 'farm.tar')
  try {
    await download(file, path)
    return await work(path)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function download(url: string, path: string): Promise<void> {
  const { bucket, name } = await bucketAt(url)
  try {
    await pipeline(await bucket.get(name), createWriteStream(path, { mode: 0o600 }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new BackupError(`the bucket has no backup ${name}`)
  } finally {
    bucket.close()
  }
}

async function bucketAt(url: string): Promise<{ bucket: Bucket; name: string }> {
  const { place, credentials, name } = readBackupUrl(url)
  return { bucket: await openBucket(place, credentials), name }
}
