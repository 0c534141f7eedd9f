// Tests of artifacts with real agents, with killed servers, and with late, repeated or damaged messages.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cksum } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import { sharedFarm } from '../support/farm-test.ts'
import { pageText } from '../support/patient-api.ts'
import { eventually } from '../support/waiting.ts'
import { offerOf } from '../support/wire-host.ts'

const farm = sharedFarm({
  queues: 'postgres',
  projects: { sample: { steps: [{ job: 'sh ./job.sh' }], artifacts: ['out'], limits: { artifacts: '30 MB' } } },
})

const bytesOf = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + (i >> 16)) & 255))
const page = (path: string) => pageText(`${farm().url}${path}`)

test('the page of a failed job shows the artifacts, and the farm serves them byte for byte', async () => {
  await farm().host('vax')
  const bytes = bytesOf(1_300_007)
  const files = { 'job.sh': 'mkdir out; cp data out/a+b.bin; echo r >out/report.xml; exit 3\n', data: bytes }
  const job = await (await farm().push(files)).job('vax')
  const { verdict, attempts } = await job.finished()

  expect([verdict, attempts[0]?.artifacts.map(({ name }) => name)]).toEqual([
    'failed',
    ['out/a+b.bin', 'out/report.xml'],
  ])
  expect((await job.artifact('out/a+b.bin')).equals(bytes)).toBe(true)
  const html = await page(`/jobs/${job.id}`)
  expect(html).toContain(`href="/api/v1/jobs/${job.id}/attempts/1/artifacts/out/a%2Bb.bin"`)
  expect(html).toContain('1.3 MB')
})

test('a large artifact arrives complete although the server and the agent are killed during the upload', async () => {
  const host = await farm().host('alpha', { conf: 'arch alpha native\n' })
  // The output of seq makes all chunks different.
  const job = await (await farm().push('mkdir out; seq 3000000 | head -c 8000001 >out/big\n')).job('alpha')
  const file = join(farm().directory, 'data', 'logs', '0', `${job.id}.1.artifacts`, 'out,big')
  await eventually('1 MB of the file', async () => (existsSync(file) && statSync(file).size > 1_000_000) || undefined)
  await farm().kill9()
  await host.kill9()
  await farm().start()
  await host.start()
  const { verdict, attempts } = await job.finished()

  expect([verdict, attempts.length, attempts[0]?.artifacts[0]?.bytes]).toEqual(['passed', 1, 8_000_001])
  const whole = Array.from({ length: 3_000_000 }, (_, i) => i + 1).join('\n')
  expect((await job.artifact('out/big')).equals(Buffer.from(whole.slice(0, 8_000_001)))).toBe(true)
  expect(host.said).toContain('resumed')
})

test('the farm does not keep artifacts beyond the recipe’s limit; the page lists these artifacts, and the verdict does not change', async () => {
  await farm().host('sparc', { conf: 'arch sparc native\n' })
  const job = await (await farm().push('mkdir out; seq 6000000 >out/big; echo small >out/small\n')).job('sparc')
  const { verdict, attempts } = await job.finished()

  expect([verdict, attempts[0]?.artifacts.map(({ name }) => name)]).toEqual(['passed', ['out/small']])
  expect(attempts[0]?.artifactNote).toBe('out/big: it has 46888896 bytes; limits.artifacts is 30000000')
  expect(await page(`/jobs/${job.id}`)).toContain('out/big: it has 46888896 bytes')
})

describe('artifacts in the agent protocol', () => {
  const data = bytesOf(5000)
  const told = (name: string, bytes: Buffer) => ['artifact', `${name} ${bytes.length} crc:${cksum(bytes)}`] as const
  let hosts = 0

  async function hostWithJob() {
    const host = await farm().wireHost(`wire-${++hosts}`, ['vax'])
    await farm().push()
    return { host, offer: await host.job(1) }
  }

  test('the answer to a claim lists the artifacts to keep, and a repeated claim has the same answer', async () => {
    const { host, offer } = await hostWithJob()
    expect(offer.lines.filter(([key]) => key === 'artifact')).toEqual([['artifact', 'out']])
    expect(offerOf(await host.claim(1))).toEqual(offer)
  })

  test('the farm stores artifact bytes at their offset, also if they arrive as hexadecimal, and rejects late, repeated and changed bytes', async () => {
    const { host, offer } = await hostWithJob()
    const send = (from: number, to: number, more = {}) =>
      host.artifact(offer, 'out/x', data.subarray(from, to), { offset: from, size: data.length, ...more })
    const size = (size: number) => ({ lines: [['size', String(size)]] })

    expect(await send(0, 0)).toMatchObject({ code: 0, ...size(0) })
    expect(await send(0, 1001)).toMatchObject({ code: 0, ...size(1001) })
    expect(await send(0, 1001)).toMatchObject({ code: 409, text: 'offset', ...size(1001) })
    expect(await send(2000, 3000)).toMatchObject({ code: 409, ...size(1001) })
    expect(await send(1001, 3000, { sum: 'crc:1' })).toMatchObject({ code: 422 })
    expect(await send(1001, 3000, { length: 5 })).toMatchObject({ code: 422 })
    expect(await send(1001, 3000, { hex: true })).toMatchObject({ code: 0, ...size(3000) })
    expect(await send(3000, 5000, { size: 4000 })).toMatchObject({ code: 400 })
    expect(await send(3000, 5000, { lease: 'other' })).toMatchObject({ code: 410 })

    const early = await host.finish(offer, '', { lines: [told('out/x', data)] })
    expect(early).toMatchObject({ code: 409, text: 'artifact', lines: [['artifact', 'out/x 3000']] })
    expect(await send(3000, 5000)).toMatchObject({ code: 0, ...size(5000) })
    const end = { lines: [told('out/x', data), ['left', 'out/y: too large'] as const] }
    expect(await host.finish(offer, '', end)).toMatchObject({ code: 0 })
    expect(await host.finish(offer, '', end)).toMatchObject({ code: 0 })
    const job = farm().job(Number.parseInt(offer.attempt, 10))
    expect((await job.artifact('out/x')).equals(data)).toBe(true)
    expect((await job.view()).attempts[0]?.artifactNote).toBe('out/y: too large')
  })

  test('the farm refuses invalid artifact names and invalid lines about artifacts', async () => {
    const { host, offer } = await hostWithJob()
    for (const name of ['.hidden', 'a/..%2F..%2Fb', 'a//b', 'two%20words', 'n'.repeat(129)])
      expect([name, await host.artifact(offer, name, data)]).toMatchObject([name, { code: 400 }])
    expect(await host.artifact(offer, 'large', Buffer.alloc(0), { size: 30_000_001 })).toMatchObject({
      code: 403,
      text: 'it has 30000001 bytes; limits.artifacts is 30000000',
    })
    for (const line of ['x', 'x 1', 'x 1 crc', '../x 1 none', 'x 1 none more'])
      expect(await host.finish(offer, '', { lines: [['artifact', line]] })).toMatchObject({ code: 400 })
    expect(await host.finish(offer)).toMatchObject({ code: 0 })
  })
})
