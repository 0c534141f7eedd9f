/// <reference lib="dom" />
// Another site shows the matrix in a frame, and badges and the matrix as pictures.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { ended, expect, startJob, test } from './farm-page.ts'

test.use({ settings: { EMBED_ORIGINS: 'http://localhost:*', CORS: 'true' } })

/** A site with this page. It answers as http://localhost and as http://127.0.0.1, which are two origins. */
async function openSite(html: string): Promise<{ server: Server; port: number }> {
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

test('a site in EMBED_ORIGINS shows the matrix in a frame and as pictures, and no other site shows the frame', async ({
  farm,
  page,
  context,
}) => {
  const host = await farm.wireHost('framed-1', ['arm'])
  const { offer } = await startJob(farm, host)
  await host.finish(offer, '', { steps: ended([0, 0, 2], 0) })
  const html = `<!doctype html><title>Wiki</title>
    <iframe src="${farm.url}/embed/matrix?project=sample" title="Matrix" width="900" height="300"></iframe>
    <img id="badge" src="${farm.url}/badges/projects/sample.svg" alt="">
    <img id="matrix" src="${farm.url}/matrix.svg?project=sample" alt="">`
  const { server, port } = await openSite(html)
  try {
    await page.goto(`http://localhost:${port}`)
    const frame = page.frameLocator('iframe')
    await expect(frame.getByRole('link', { name: /arm: failed for .* at tests/ })).toBeVisible()
    await expect(frame.getByRole('navigation')).toHaveCount(0)
    expect(await sizeOf(page, '#badge')).toEqual({ width: expect.any(Number), height: 20 })
    expect((await sizeOf(page, '#matrix')).width).toBeGreaterThan(200)
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      frame.getByRole('link', { name: 'Open the matrix' }).click(),
    ])
    await expect(opened.getByRole('navigation', { name: 'Main' })).toBeVisible()

    const other = await context.newPage() // its console has the error that the test wants
    await other.goto(`http://127.0.0.1:${port}`)
    await expect(other.frameLocator('iframe').getByRole('link')).toHaveCount(0)
    expect(other.frames().map(shown => shown.url())).toContain('chrome-error://chromewebdata/')
    expect((await sizeOf(other, '#badge')).height).toBe(20)
  } finally {
    server.close()
  }
})

const sizeOf = (page: Page, selector: string) =>
  page.locator(selector).evaluate(async image => {
    await (image as HTMLImageElement).decode()
    const { naturalWidth, naturalHeight } = image as HTMLImageElement
    return { width: naturalWidth, height: naturalHeight }
  })
