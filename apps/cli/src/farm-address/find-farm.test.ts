import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { writeAddressNote } from '../../../server/src/local-address.ts'
import { findServer, tokenFor } from './find-farm.ts'
import { noteFile, readNote } from './note.ts'
import { readSettings } from './settings.ts'

function dataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  mkdirSync(join(directory, 'secrets'))
  writeFileSync(join(directory, 'secrets', 'admin-token'), 'rft-file\n')
  return directory
}

test.each([
  [{}, undefined, 'http://127.0.0.1:8080'],
  [{ HOST: '::1' }, undefined, 'http://[::1]:8080'],
  [{ PORT: '0' }, undefined, 'http://127.0.0.1:0'],
  [{ PORT: '81', HOST: '0.0.0.0' }, { url: 'http://127.0.0.1:81', source: 'from PORT' }, 'http://127.0.0.1:81'],
  [
    { RUMPFARM_URL: 'https://a/farm/', PORT: '81' },
    { url: 'https://a/farm', source: 'from RUMPFARM_URL' },
    'http://127.0.0.1:81',
  ],
  [{ PUBLIC_URL: 'https://b' }, { url: 'https://b', source: 'from PUBLIC_URL' }, 'http://127.0.0.1:8080'],
])('the environment %j names the farm %j', (env, given, defaultUrl) =>
  expect(readSettings(env as Record<string, string>)).toMatchObject({ given, defaultUrl }),
)

test.each([
  [{ RUMPFARM_URL: 'farm.example' }, 'RUMPFARM_URL is not an address such as https://farm.example.org'],
  [
    { RUMPFARM_URL: 'https://user:secret@farm.example' },
    'RUMPFARM_URL is not an address such as https://farm.example.org',
  ],
  [{ PORT: '99999' }, 'PORT is "99999"; it must be a whole number from 0 to 65535'],
  [{ RUMPFARM_TOKEN: 'a b' }, 'RUMPFARM_TOKEN has a space or another character that a header cannot contain'],
])('the environment %j is refused without its secrets', (env, message) =>
  expect(() => readSettings(env as Record<string, string>)).toThrow(message),
)

test('a token of the environment is stronger than the file, and RUMPFARM_URL of another machine does not get the file', () => {
  const RUMPFARM_DATA = dataDirectory()
  const token = (env: Record<string, string>, url: string) =>
    tokenFor(readSettings({ RUMPFARM_DATA, ...env }), url)?.value
  const remote = 'https://farm.example'
  expect(token({}, 'http://127.0.0.1:8080')).toBe('rft-file')
  expect(token({ PUBLIC_URL: remote }, remote)).toBe('rft-file')
  expect(token({ RUMPFARM_URL: 'http://[::1]:9' }, 'http://[::1]:9')).toBe('rft-file')
  expect(token({ RUMPFARM_URL: remote }, remote)).toBeUndefined()
  expect(token({ RUMPFARM_URL: 'http://127.0.0.1.example' }, 'http://127.0.0.1.example')).toBeUndefined()
  expect(token({ RUMPFARM_URL: remote, ADMIN_TOKEN: 'a' }, remote)).toBe('a')
  expect(token({ RUMPFARM_URL: remote, ADMIN_TOKEN: 'a', RUMPFARM_TOKEN: 'b' }, remote)).toBe('b')
})

test('the command line reads the note of a server, and ignores a damaged note', () => {
  const directory = dataDirectory()
  writeAddressNote(directory, 'http://127.0.0.1:8123')
  expect(readNote(directory)).toEqual({ url: 'http://127.0.0.1:8123', pid: process.pid })
  for (const text of ['', '{', '{"url":"http://127.0.0.1:1"}', '{"url":"file:///etc/passwd","pid":1}', '[]', 'null']) {
    writeFileSync(noteFile(directory), text)
    expect(readNote(directory)).toBeUndefined()
  }
})

test('outside of a clone, the advice is to set RUMPFARM_URL', async () => {
  const found = findServer(readSettings({ HOST: '127.9.9.9' }))
  await expect(found).rejects.toThrow(
    /^no farm answers. Tried:\n {2}http:\/\/127\.9\.9\.9:8080 \(the default port\): \S+\nSet RUMPFARM_URL to the address of a farm$/,
  )
})
