import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { keptSecret, secretFile, writeSecret } from './secret-file.ts'

const root = mkdtempSync(join(tmpdir(), 'rumpfarm-secret-'))
afterAll(() => rmSync(root, { recursive: true }))
let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(root, 'start-'))
  path = join(directory, 'admin-token')
})

const good = 'rft-0123456789abcdef'

test('the first start creates a secret that only its owner can read, and later starts use it again', () => {
  expect(keptSecret(path, () => good)).toBe(good)
  expect(keptSecret(path, () => 'another-secret-of-a-later-start')).toBe(good)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(directory)).toEqual(['admin-token'])
})

test('a package can read and replace its secret, and only the owner can read the file', () => {
  const file = secretFile(path)
  expect(file.read()).toBeUndefined()
  file.write('first')
  file.write('second')
  expect(file.read()).toBe('second')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readdirSync(directory)).toEqual(['admin-token'])
})

test('two servers that start at the same time use the same secret', () => {
  const second = keptSecret(path, () => {
    keptSecret(path, () => good)
    return 'the-secret-of-the-slower-start'
  })
  expect(second).toBe(good)
  expect(readdirSync(directory)).toEqual(['admin-token'])
})

describe('a file without a usable secret stays unchanged, and the error names the file', () => {
  test.each([
    ['empty', ''],
    ['a blank line', '\n'],
    ['cut off', 'rft-012345678\n'],
    ['NUL bytes, as after a crash', '\0'.repeat(52)],
    ['two lines', `${good}\n${good}\n`],
  ])('the server refuses this file: %s', (_, text) => {
    writeFileSync(path, text)
    expect(() => keptSecret(path, () => good)).toThrow(`${path} contains no usable secret`)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
})

test('if the disk is full, the server leaves no incomplete file and keeps the old secret', () => {
  const file = join(root, 'secret-file.mjs')
  buildSync({ entryPoints: [new URL('secret-file.ts', import.meta.url).pathname], outfile: file, format: 'esm' })
  const onFullDisk = (call: string) =>
    spawnSync('sh', [
      '-c',
      'ulimit -f 0; exec node --input-type=module -e "$1"',
      'sh',
      `import { keptSecret, writeSecret } from ${JSON.stringify(file)}; ${call}`,
    ])
  expect(onFullDisk(`keptSecret(${JSON.stringify(path)}, () => 'a-secret-for-a-full-disk')`).status).not.toBe(0)
  expect(readdirSync(directory)).not.toContain('admin-token')

  writeSecret(path, good)
  expect(onFullDisk(`writeSecret(${JSON.stringify(path)}, 'a-secret-for-a-full-disk')`).status).not.toBe(0)
  expect(readFileSync(path, 'utf8')).toBe(`${good}\n`)
})
