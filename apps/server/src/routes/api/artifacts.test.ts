import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'

const hostile = Buffer.from('<!doctype html><script>alert(1)</script>\0\x1b[31mü')
const sha256 = createHash('sha256').update(hostile).digest('hex')
const file = '/api/v1/jobs/1/artifacts/out/page.html'

async function left(server: TestServer, note: string[] = []) {
  await server.configure({ artifacts: ['out'] })
  const vax = await server.host('vax')
  await server.build()
  const offer = await vax.take('1.1')
  const artifacts = { 'out/page.html': hostile, 'a+b': Buffer.alloc(0) }
  await vax.end(offer, { exits: [2], artifacts, left: note })
}

serverTest(
  'a job lists its artifacts, the server sends their bytes unchanged, and browsers save them',
  async ({ server }) => {
    await left(server, ['out/big: it has 5 GB'])
    const [attempt] = (await server.ask('/api/v1/jobs/1')).json().attempts
    expect(attempt).toMatchObject({
      verdict: 'failed',
      artifacts: [
        { name: 'a+b', bytes: 0 },
        { name: 'out/page.html', bytes: hostile.length, sha256 },
      ],
      artifactNote: 'out/big: it has 5 GB',
    })
    for (const url of [
      file,
      '/api/v1/jobs/1/artifacts/out%2Fpage.html',
      '/api/v1/jobs/1/attempts/1/artifacts/out/page.html',
    ]) {
      const answer = await server.ask(url)
      expect(answer.rawPayload.equals(hostile)).toBe(true)
      expect(answer.headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-disposition': 'attachment; filename="page.html"',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'content-length': String(hostile.length),
        etag: `"${sha256}"`,
      })
    }
    expect(await server.ask('/api/v1/jobs/1/artifacts/a+b')).toMatchObject({ statusCode: 200, body: '' })
    expect(await server.ask({ method: 'HEAD', url: file })).toMatchObject({ statusCode: 200, body: '' })
  },
)

serverTest(
  'the API sends byte ranges of an artifact, and does not resend an unchanged artifact',
  async ({ server }) => {
    await left(server)
    const ask = async (headers: Record<string, string>) => {
      const answer = await server.ask({ url: file, headers })
      return [answer.statusCode, answer.headers['content-range'], answer.statusCode === 206 ? answer.body : '']
    }
    const size = hostile.length
    expect(await ask({ range: 'bytes=2-8' })).toEqual([206, `bytes 2-8/${size}`, 'doctype'])
    expect(await ask({ range: `bytes=${size}-` })).toEqual([416, `bytes */${size}`, ''])
    expect(await ask({ 'if-none-match': `"${sha256}"` })).toEqual([304, undefined, ''])
  },
)

serverTest('the API answers 404 for an artifact that does not exist or was deleted', async ({ server }) => {
  await left(server)
  const problem = async (url: string) => {
    const { status, type, detail } = (await server.ask(url)).json()
    return [status, type.split(':').at(-1), detail]
  }
  expect(await problem('/api/v1/jobs/1/artifacts/out')).toEqual([
    404,
    'unknown',
    'attempt 1.1 has no artifact out; /api/v1/jobs/1 lists its artifacts',
  ])
  expect(await problem('/api/v1/jobs/1/artifacts/..%2F..%2F1.1.log')).toEqual([404, 'unknown', expect.any(String)])
  expect(await problem('/api/v1/jobs/9/artifacts/a+b')).toEqual([404, 'unknown', expect.any(String)])
  expect(await problem('/api/v1/jobs/1/attempts/2/artifacts/a+b')).toEqual([404, 'unknown', expect.any(String)])

  rmSync(join(dirname(server.config.dataDirectory), 'logs', '0', '1.1.artifacts'), { recursive: true })
  expect(await problem(file)).toEqual([404, 'artifact-gone', expect.any(String)])
})
