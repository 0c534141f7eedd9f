import { gzipSync } from 'node:zlib'
import { describe, expect } from 'vitest'
import { serverTest } from '../../server.fixture.ts'

/**
 * The bytes that a browser loads for a page of a small farm, without and with gzip: the HTML, the style sheet and the
 * scripts. A page must also work on a slow line, so raise a limit only for important content.
 */
const limits: [page: string, bytes: number, gzipBytes: number][] = [
  ['/', 68_500, 20_700],
  ['/builds', 42_000, 13_100],
  ['/builds/1', 76_000, 24_000],
  ['/jobs/1', 51_000, 14_600],
  ['/hosts', 42_000, 13_100],
  ['/hosts/vax', 43_000, 13_400],
  ['/projects/sample', 69_300, 21_000],
  ['/nothing', 41_000, 12_900],
  ['/login/x', 41_000, 12_900],
  ['/api/v1/docs', 480_000, 58_000],
  ['/queue', 42_000, 13_200],
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

type Ask = (
  request: string | { url: string; headers: Record<string, string> },
) => Promise<{ rawPayload: Buffer; body: string }>

async function filesOf(ask: Ask, page: string): Promise<Buffer[]> {
  const { rawPayload, body } = await ask({ url: page, headers: { accept: 'text/html,*/*;q=0.8' } })
  const assets = [...body.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path)
  expect(assets.length).toBeGreaterThan(2)
  const loaded = await Promise.all(assets.map(async path => (await ask(path)).rawPayload))
  return [rawPayload, ...loaded]
}
