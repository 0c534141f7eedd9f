import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Somebody could guess a shorter secret. */
export const secretLengthMin = 16

/** Thrown if the server cannot use the file of a secret. The message names the file and says what to do. */
export class SecretFileError extends Error {}

/**
 * Returns the secret in the file `path`. If there is no file, writes a file with the secret of `make`. This file is
 * never incomplete, even if the disk is full or the process is killed. If two processes start together, both receive
 * the secret of the first. Throws a `SecretFileError` if the secret is too short or does not match `pattern`.
 */
export function keptSecret(path: string, make: () => string, pattern = /^[\x21-\x7e]+$/): string {
  const secret = readSecret(path) ?? writeFirst(path, make())
  if (secret.length >= secretLengthMin && pattern.test(secret)) return secret
  throw new SecretFileError(
    `${path} contains no usable secret: it has ${secret.length} characters, and a secret is one line of at least ` +
      `${secretLengthMin} printable characters. Restore the file from a backup, or remove it: the next start then makes a new secret`,
  )
}

/** Writes or replaces the file. After a crash, it contains the whole old secret or the whole new secret. */
export function writeSecret(path: string, secret: string): void {
  withDraft(path, secret, draft => renameSync(draft, path))
}

/** Returns the secret in the file `path`; undefined if there is no such file. */
export function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Gives a package access to the file of its own secret. */
export const secretFile = (path: string) => ({
  path,
  read: () => readSecret(path),
  write: (secret: string) => writeSecret(path, secret),
})

/** If two processes write the file at the same time, both receive the secret of the first. */
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

/** Writes a complete draft file to the disk and calls `place`, which renames or links it. Then removes the draft. */
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
