import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Returns the address at which programs on this machine reach a server that listens on `host` and `port`. */
export const localUrl = (host: string, port: number): string => {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** The note for the command line (`readNote` in apps/cli). It contains no secret. */
export const addressNoteFile = (dataDirectory: string): string => join(dataDirectory, 'server.json')

/** Writes the note and replaces an older note. `close` removes the note, unless another server has replaced it. */
export function writeAddressNote(dataDirectory: string, url: string): { close(): void } {
  const file = addressNoteFile(dataDirectory)
  const text = `${JSON.stringify({ url, pid: process.pid, id: randomUUID() })}\n`
  writeFileSync(`${file}.${process.pid}`, text, { mode: 0o600 })
  renameSync(`${file}.${process.pid}`, file) // a reader sees the whole old note or the whole new note
  return {
    close() {
      if (readText(file) === text) rmSync(file, { force: true })
    },
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
