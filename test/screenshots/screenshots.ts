// `./farm screenshots [DIR]` takes the pictures of docs/demo.md from a new demo farm. DIR is the data of a demo that is
// filled already; it saves a minute.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Browser, chromium, type Page } from '@playwright/test'
import { Program } from '../support/program.ts'
import { type Picture, pictures } from './pictures.ts'

const bytesMax = 150_000
const [filled] = process.argv.slice(2)
const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-screenshots-'))
const data = filled === undefined ? ['--data', join(directory, 'data')] : ['--serve-only', '--data', resolve(filled)]
const { PATH = '', HOME = directory } = process.env
const demo = new Program([resolve('farm'), 'demo', ...data], { PATH, HOME, PORT: '0' }, process.cwd())

try {
  const url = await demo.line('its address', line => /answers at (\S+)/.exec(line)?.[1], 0, 600_000)
  const browser = await chromium.launch(chromiumOptions())
  for (const picture of pictures) await take(browser, url, picture)
  await browser.close()
} finally {
  await demo.stop(40_000)
  rmSync(directory, { recursive: true, force: true })
}

/** Prefers the system's Chromium, as the browser tests do. */
function chromiumOptions() {
  const system = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return { args, ...(system ? { executablePath: system } : {}) }
}

async function take(browser: Browser, url: string, { name, width, height, dark, open }: Picture): Promise<void> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' })
  await page.goto(url)
  await open(page)
  await page.waitForLoadState('load')
  const image = await webp(page)
  if (image.length > bytesMax) throw new Error(`${name} has ${image.length} bytes; the limit is ${bytesMax}`)
  writeFileSync(`docs/images/${name}.webp`, image)
  console.log(`docs/images/${name}.webp ${image.length}`)
  await page.close()
}

/** Playwright itself takes only PNG and JPEG, which are several times larger. */
async function webp(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page)
  const { data: base64 } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 75 })
  return Buffer.from(base64, 'base64')
}
