import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { addressNoteFile, localUrl, writeAddressNote } from './local-address.ts'

function dataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-note-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

const url = 'http://127.0.0.1:8123'

const noteIn = (directory: string) => JSON.parse(readFileSync(addressNoteFile(directory), 'utf8'))

test('a server writes its address and process id into a private note, and deletes the note when it closes', () => {
  const directory = dataDirectory()
  const note = writeAddressNote(directory, url)
  expect(noteIn(directory)).toEqual({ url, pid: process.pid, id: expect.any(String) })
  expect(statSync(addressNoteFile(directory)).mode & 0o777).toBe(0o600)
  note.close()
  expect(readdirSync(directory)).toEqual([])
})

test('a server that closes does not delete the note of another server', () => {
  const directory = dataDirectory()
  const first = writeAddressNote(directory, url)
  writeAddressNote(directory, 'http://127.0.0.1:8124')
  first.close()
  expect(noteIn(directory).url).toBe('http://127.0.0.1:8124')
})

test.each([
  ['127.0.0.1', 'http://127.0.0.1:80'],
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::', 'http://[::1]:80'],
  ['::1', 'http://[::1]:80'],
  ['vax', 'http://vax:80'],
])('if a server listens on %s, programs reach it at %s', (host, expected) => expect(localUrl(host, 80)).toBe(expected))
