import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Fewer characters than these can be guessed. */
export const secretLengthMin = 16

/** A file of a secret cannot be used; the message names it and says what to do. */
export class SecretFileError extends Error {}

/**
 * The secret in `path`. If there is no such file, `make` gives the secret and the file is written. A disk that is full or a
 * process that is killed leaves either no file or a whole one, and of two processes that start at once, both get the secret
 * of the first. Throws a `SecretFileError` for a file that is empty, too short or does not match `pattern`.
 */
export function keptSecret(path: string, make: () => string, pattern = /^[\x21-\x7e]+$/): string {
  const secret = readSecret(path) ?? writeFirst(path, make())
  if (secret.length >= secretLengthMin && pattern.test(secret)) return secret
  throw new SecretFileError(
    `${path} holds no usable secret: it has ${secret.length} characters, and a secret is one line of at least ` +
      `${secretLengthMin} printable ones. Restore the file from a backup, or remove it: the next start then makes a new secret`,
  )
}

/** Replaces the file, or writes it for the first time: after a crash it holds the old secret or the new one, whole. */
export function writeSecret(path: string, secret: string): void {
  withDraft(path, secret, draft => renameSync(draft, path))
}

/** The secret in `path`; undefined if there is no such file. */
export function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Another process may write the file at the same time: the first one's secret stays, and is the answer. */
function writeFirst(path: string, secret: string): string {
  withDraft(path, secret, draft => {
    try {
      linkSync(draft, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  })
  return readFileSync(path, 'utf8').trim()
}

/** Gives `place` a file that is whole and on the disk, and removes what `place` leaves of it. */
function withDraft(path: string, secret: string, place: (draft: string) => void): void {
  const draft = `${path}.${randomUUID()}`
  try {
    writeToDisk(draft, `${secret}\n`)
    place(draft)
    syncDirectory(dirname(path))
  } catch (error) {
    throw new SecretFileError(`${path} cannot be written: ${(error as Error).message}`)
  } finally {
    rmSync(draft, { force: true })
  }
}

function writeToDisk(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    const bytes = Buffer.from(text)
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
