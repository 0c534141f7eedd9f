import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs'

/** The part of a pino logger that is wanted here. */
export interface Log {
  info: (line: string) => void
  error: (line: string) => void
}

const logBytesMax = 10_000_000
const tailBytes = 4_000

/** For appending. The log before the last start is kept once, as FILE.1. */
export const openLog = (file: string): number => {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logBytesMax) renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}

const readFrom = (descriptor: number, position: number): string => {
  const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - position))
  return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, position))
}

export const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** A line as a person reads it: of the server's JSON only what it says, and why. */
export function plainLine(line: string): string {
  if (!line.startsWith('{')) return line
  try {
    const { msg, problem, err } = JSON.parse(line) as { msg?: string; problem?: string; err?: { message?: string } }
    const why = problem ?? err?.message
    return why === undefined ? (msg ?? line) : `${msg}: ${why}`
  } catch {
    return line // cut in its middle
  }
}

/** The last lines written after `since`, for an error message. */
export const tail = (file: string, since = 0): string => {
  const descriptor = openSync(file, 'r')
  try {
    const text = readFrom(descriptor, Math.max(since, sizeOf(file) - tailBytes))
    return text.trim().split('\n').slice(-12).map(plainLine).join('\n')
  } finally {
    closeSync(descriptor)
  }
}
