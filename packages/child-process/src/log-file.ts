import type { ChildProcess } from 'node:child_process'
import { closeSync, copyFileSync, fstatSync, openSync, readSync, renameSync, statSync, truncateSync } from 'node:fs'

const logBytesMax = 10_000_000
const tailBytesMax = 4_000
const tailLinesMax = 12

/** Opens a log to append, and returns its descriptor. If the log is larger than 10 MB, first renames it to FILE.1. */
export const openLog = (file: string): number => {
  if (sizeOf(file) > logBytesMax) renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}

const rotateEveryMs = 60_000

/**
 * Keeps a log that another process writes below about 10 MB, until that process ends. The process does not open its log
 * again, so the log is copied to FILE.1 and then emptied: the process appends, so its next line is the first. Lines that it
 * writes between the copy and the end of the truncation are lost.
 */
export function rotateWhileRunning(child: ChildProcess, file: string): void {
  const timer = setInterval(() => rotateLog(file), rotateEveryMs).unref()
  child.once('exit', () => clearInterval(timer))
}

/** If the log is larger than 10 MB, copies it to FILE.1 and empties it. A full disk leaves it as it is. */
export function rotateLog(file: string, bytesMax = logBytesMax): void {
  if (sizeOf(file) <= bytesMax) return
  try {
    copyFileSync(file, `${file}.1`)
    truncateSync(file)
  } catch {
    // the next run tries again
  }
}

/** The size in bytes; 0 if the file does not exist. */
export const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** The last 12 lines of a log or fewer, for an error message. Ignores the bytes before `since`. */
export const logTail = (file: string, since = 0): string => {
  const descriptor = openSync(file, 'r')
  try {
    const size = fstatSync(descriptor).size
    const begin = since > size ? 0 : since // a smaller file is a new log, because the old log was renamed
    const text = readFrom(descriptor, Math.max(begin, size - tailBytesMax))
    return text.trim().split('\n').slice(-tailLinesMax).map(plainLine).join('\n')
  } finally {
    closeSync(descriptor)
  }
}

const readFrom = (descriptor: number, position: number): string => {
  const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - position))
  return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, position))
}

/** Shortens a line of pino's JSON to its message and the cause. Other lines do not change. */
export function plainLine(line: string): string {
  if (!line.startsWith('{')) return line
  try {
    const { msg, problem, err } = JSON.parse(line) as { msg?: string; problem?: string; err?: { message?: string } }
    const why = problem ?? err?.message
    return why === undefined ? (msg ?? line) : `${msg}: ${why}`
  } catch {
    return line // the tail begins in the middle of this line
  }
}
