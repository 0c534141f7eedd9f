import { gzipSync } from 'node:zlib'
import { describe, expect } from 'vitest'
import { serverTest } from '../../server.fixture.ts'

/**
 * The bytes that a browser loads for a page of a small farm, without and with gzip: the HTML, the style sheet and the
 * scripts. A page must also work on a slow line, so raise a limit only for important content.
 */
const limits: [page: string, bytes: number, gzipBytes: number][] = [
  ['/', 51_000, 15_000],
  ['/builds', 36_000, 11_500],
  ['/builds/1', 37_000, 11_800],
  ['/jobs/1', 45_000, 13_000],
  ['/hosts', 36_000, 11_500],
  ['/hosts/vax', 37_000, 11_800],
  ['/projects/sample', 51_000, 15_000],
  ['/nothing', 35_000, 11_300],
  ['/login/x', 35_000, 11_300],
  ['/api/v1/docs', 102_000, 19_000],
]

describe('the size of a page', () => {
  serverTest('each page, with its style sheet and its scripts, is within its limit', async ({ server }) => {
    await server.configure()
    const host = await server.host('vax')
    await server.build()
    const [offer, log] = [await host.take('1.1'), 'cc -O2 -c a.c\n'.repeat(100)]
    await host.say(offer, log)
    await host.end(offer, { exits: [0, 2], log })
    for (const [page, bytes, gzipBytes] of limits) {
      const files = await filesOf(server.ask, page)
      const whole = files.reduce((sum, { length }) => sum + length, 0)
      const zipped = files.reduce((sum, file) => sum + gzipSync(file).length, 0)
      expect.soft(whole, `${page}: bytes`).toBeLessThanOrEqual(bytes)
      expect.soft(zipped, `${page}: bytes with gzip`).toBeLessThanOrEqual(gzipBytes)
    }
  })
})

type Ask = (url: string) => Promise<{ rawPayload: Buffer; body: string }>

async function filesOf(ask: Ask, page: string): Promise<Buffer[]> {
  const { rawPayload, body } = await ask(page)
  const assets = [...body.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path)
  expect(assets.length).toBeGreaterThan(2)
  const loaded = await Promise.all(assets.map(async path => (await ask(path)).rawPayload))
  return [rawPayload, ...loaded]
}
