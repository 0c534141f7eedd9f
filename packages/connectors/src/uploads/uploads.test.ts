import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import type { Mirrors } from '../mirrors.ts'
import { openUploads, uploadName, withUploads } from './uploads.ts'

const id = '3f2b6c1e-0d7a-4a53-9f63-0a8f5a3f1c11'

function scene() {
  const top = mkdtempSync(join(tmpdir(), 'rumpfarm-uploads-'))
  onTestFinished(() => rmSync(top, { recursive: true }))
  const directory = join(top, 'uploads')
  const tree = join(top, 'tree')
  mkdirSync(tree)
  const tarOf = (files: Record<string, string | Buffer>, ...options: string[]): Buffer => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(tree, name), text)
    return execFileSync('tar', ['-C', tree, '-czf', '-', ...options, ...Object.keys(files)])
  }
  return { directory, uploads: openUploads(directory), tarOf }
}

async function* piecesOf(...pieces: Uint8Array[]) {
  yield* pieces
}

async function* broken(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield piece
  throw new Error('the connection broke')
}

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const none = { tarball: async () => 'mirrored', readFile: async () => 'mirrored' } as unknown as Mirrors

test('what arrived before the connection broke stays, and the upload goes on from there', async () => {
  const { uploads, tarOf, directory } = scene()
  const bytes = tarOf({ 'a.c': 'int a;\n', revision: '98e9cc9aa08a\n' })
  const whole = { bytes: bytes.length, sha256: sha256Of(bytes) }
  await expect(uploads.append(id, 0, broken(bytes.subarray(0, 60)), bytes.length)).rejects.toThrow('broke')
  expect(await uploads.received(id)).toBe(60)
  expect(await uploads.check(id, whole)).toEqual({ kind: 'incomplete', received: 60 })
  expect(await uploads.append(id, 61, piecesOf(bytes.subarray(61)), bytes.length)).toEqual({
    kind: 'wrong-offset',
    received: 60,
  })
  // a part that arrives twice is written once
  expect(await uploads.append(id, 40, piecesOf(bytes.subarray(40, 80)), bytes.length)).toMatchObject({ received: 80 })
  expect(await uploads.append(id, 80, piecesOf(bytes.subarray(80)), bytes.length)).toMatchObject({
    received: bytes.length,
  })
  expect(await uploads.check(id, whole)).toMatchObject({ kind: 'checked', ...whole, crc: expect.any(String) })

  const mirrors = withUploads(none, directory)
  const found = await mirrors.tarball({ repository: uploadName(id), commit: 'x', leaveOut: [] })
  expect(found).toMatchObject({ kind: 'tarball', bytes: bytes.length, sha256: whole.sha256 })
  expect('file' in found && readFileSync(found.file).equals(bytes)).toBe(true)
  const read = (path: string) => mirrors.readFile({ repository: uploadName(id), commit: 'x', path })
  expect(await read('revision')).toEqual({ kind: 'file', text: '98e9cc9aa08a\n' })
  expect(await read('missing')).toMatchObject({ problem: 'missing of the uploaded tree does not exist' })
  expect(await mirrors.tarball({ repository: '/srv/a', commit: 'x', leaveOut: [] })).toBe('mirrored')
  await uploads.remove(id)
  expect(await mirrors.tarball({ repository: uploadName(id), commit: 'x', leaveOut: [] })).toMatchObject({
    problem: expect.stringContaining('start the try again'),
  })
})

test('an upload never grows beyond the announced size', async () => {
  const { uploads } = scene()
  const piece = Buffer.alloc(100)
  expect(await uploads.append(id, 0, piecesOf(piece, piece, piece), 250)).toEqual({ kind: 'too-long', received: 200 })
})

/** A tar entry with any name; the checksum is right. */
function entry(name: string, type = '0', target = ''): Buffer {
  const block = Buffer.alloc(512)
  block.write(name, 0)
  block.write(['0000644', '0000000', '0000000', '00000000000', '00000000000', '        '].join('\0'), 100, 'latin1')
  block.write(type, 156)
  block.write(target, 157)
  block.write('ustar\u000000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

const end = Buffer.alloc(1024)

test.each([
  ['no gzip', Buffer.from('hello'), /incorrect header check/],
  ['no tar', gzipSync(Buffer.alloc(512, 'x')), /not a tar file/],
  ['cut', gzipSync(Buffer.concat([entry('a'), end])).subarray(0, -9), /unexpected end/],
  ['absolute', gzipSync(Buffer.concat([entry('/etc/passwd'), end])), /"\/etc\/passwd", which leads out/],
  ['parent', gzipSync(Buffer.concat([entry('a/../../b'), end])), /leads out/],
  ['hard link', gzipSync(Buffer.concat([entry('a', '1', 'b'), end])), /"a" of the upload is no file/],
  ['device', gzipSync(Buffer.concat([entry('null', '3'), end])), /no file/],
  ['bomb', gzipSync(Buffer.alloc(4_000_000)), /more than 100 times as large/],
])('an upload that is wrong (%s) is refused and emptied', async (_what, bytes, problem) => {
  const { uploads } = scene()
  await uploads.append(id, 0, piecesOf(bytes), bytes.length)
  const checked = await uploads.check(id, { bytes: bytes.length, sha256: sha256Of(bytes) })
  expect(checked).toMatchObject({ kind: 'wrong', problem: expect.stringMatching(problem) })
  expect(await uploads.received(id)).toBe(0)
})

test('an upload with another SHA-256 is refused', async () => {
  const { uploads, tarOf } = scene()
  const bytes = tarOf({ a: 'x' })
  await uploads.append(id, 0, piecesOf(bytes), bytes.length)
  expect(await uploads.check(id, { bytes: bytes.length, sha256: sha256Of(Buffer.from('other')) })).toMatchObject({
    problem: 'its SHA-256 is wrong',
  })
})

test('pax headers of long names are accepted', async () => {
  const { uploads, tarOf } = scene()
  const bytes = tarOf({ ['n'.repeat(180)]: 'x', short: 'y' }, '--format=pax')
  await uploads.append(id, 0, piecesOf(bytes), bytes.length)
  expect(await uploads.check(id, { bytes: bytes.length, sha256: sha256Of(bytes) })).toMatchObject({ kind: 'checked' })
})
