// The demo farm answers the questions that a maintainer has every morning. `./farm demo` fills and serves it.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test as base, expect, type Page } from '@playwright/test'
import { Program } from '../support/program.ts'
import { eventually } from '../support/waiting.ts'

const command = fileURLToPath(new URL('../../farm', import.meta.url))
const patienceMs = 180_000

const test = base.extend<object, { demo: string }>({
  demo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants the pattern
    async ({}, use) => {
      const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-demo-'))
      chmodSync(directory, 0o711) // if root runs the test, the account of PostgreSQL needs access
      const { PATH = '', HOME = directory } = process.env
      const data = join(directory, 'data')
      const demo = new Program(
        [command, 'demo', '--jobs', '3000', '--data', data],
        { PATH, HOME, PORT: '0' },
        directory,
      )
      const url = await demo.line('its address', line => /answers at (\S+)/.exec(line)?.[1], 0, patienceMs)
      await eventually('the first page', async () => ((await fetch(url)).ok ? true : undefined)) // cold, on a busy machine
      await use(url)
      await demo.stop(40_000)
      rmSync(directory, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: patienceMs },
  ],
  baseURL: ({ demo }, use) => use(demo),
})

/** The line of a failure in the list of new failures. */
const newFailure = (page: Page, name: string) =>
  page.locator('.news section', { hasText: 'Newly failing' }).getByRole('listitem').filter({ hasText: name })

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled })

    test('the first page says what broke last night, and whether it is only one host', async ({ page }) => {
      await page.goto('/')
      await expect(page.getByRole('heading', { level: 1 })).toContainText(/\d+ new failures since yesterday/)
      await expect(newFailure(page, 'base tests')).toContainText(/[3-9] of \d+ hosts/)
      await expect(newFailure(page, 'tools build')).toContainText(/[2-9] of \d+ hosts/)
      await expect(newFailure(page, 'legacy build')).toContainText(/only 1 of \d+ hosts/)
      await expect(newFailure(page, 'legacy build')).toContainText('old-xeon')
    })

    test('one click on the build says whose change it is', async ({ page }) => {
      await page.goto('/')
      await newFailure(page, 'tools build')
        .getByRole('link', { name: /^#\d+$/ })
        .click()
      await expect(page.getByRole('main')).toContainText('Jonas Weir')
      await expect(page.getByRole('main')).toContainText('close inherited descriptors with closefrom_range')
    })

    test('one click on the job shows the first error', async ({ page }) => {
      await page.goto('/')
      await newFailure(page, 'tools build')
        .getByRole('link', { name: /static|dynamic/ })
        .first()
        .click()
      await expect(page.getByText("call to undeclared function 'closefrom_range'").first()).toBeInViewport()
    })
  })
}
