/// <reference lib="dom" />
import type { Locator, Page } from '@playwright/test'
import { expect, startJob, test } from './farm-page.ts'

/** Holds the next load that the script of the page begins. */
async function holdLoad(page: Page) {
  const [asked, release] = [signal(), signal()]
  const pattern = (url: URL) => url.pathname === new URL(page.url()).pathname
  await page.route(
    pattern,
    async route => {
      asked.give()
      await release.given
      await route.continue()
    },
    { times: 1 },
  )
  return { asked: asked.given, release: release.give }
}

function signal() {
  let give = () => {}
  const given = new Promise<void>(resolve => {
    give = resolve
  })
  return { given, give }
}

test('a click counts although the page loads itself again between press and release', async ({
  farm,
  page,
  signIn,
}) => {
  await farm.wireHost('pressed-1', ['ia64'])
  const build = await farm.push('# pressed\n')
  await signIn(page)
  await page.goto(`/builds/${build.id}`)
  const row = page.getByRole('row', { name: /pressed-1/ }).first()
  await expect(row).toContainText('queued')
  const load = await holdLoad(page)
  await farm.push('# while nobody presses\n')
  await load.asked
  await page.getByRole('button', { name: 'Cancel unfinished jobs' }).hover()
  await page.mouse.down()
  const loaded = page.waitForResponse(new RegExp(`/builds/${build.id}$`))
  load.release()
  await (await loaded).finished()
  await farm.push('# during the press\n')
  await page.mouse.up()
  await expect(row).toContainText('ia64: cancelled')
})

test('a page keeps the text of a form, and updates itself after a load that broke off', async ({
  farm,
  page,
  signIn,
}) => {
  await farm.wireHost('kept-1', ['ia64'])
  await signIn(page)
  await page.goto('/projects/sample')
  const field = page.getByLabel('Branch, tag or commit')
  await field.fill('v1.0')
  await field.blur()
  await page.evaluate(() => {
    const { fetch } = window
    window.fetch = async () => {
      window.fetch = fetch
      return new Response(new ReadableStream({ start: controller => controller.error(new Error('broken off')) }))
    }
  })
  const build = await farm.push('# after a load that broke off\n')
  await expect(page.locator(`a[href="/builds/${build.id}"]`).first()).toBeVisible()
  await expect(field).toHaveValue('v1.0')
})

test('a page that updates itself keeps the focus on a table, and the position of each table', async ({
  farm,
  page,
}) => {
  const host = await farm.wireHost('scrolled-1', ['ia64'])
  const { offer, path } = await startJob(farm, host)
  const { buildId } = await farm.job(Number(path.split('/').at(-1))).view()
  await page.setViewportSize({ width: 320, height: 700 })
  await page.goto(`/builds/${buildId}`)
  const names = ['Sources', `Jobs of build ${buildId}`]
  await page.evaluate(scrollAndFocus, names)
  await host.finish(offer)
  await expect(page.getByRole('main')).toContainText('ia64: passed')
  const [first, last] = names.map(name => page.getByRole('region', { name, exact: true })) as [Locator, Locator]
  for (const table of [first, last]) await expect.poll(() => table.evaluate(element => element.scrollLeft)).toBe(40)
  await expect(last).toBeFocused()
})

/** Opens all details, scrolls these tables and focuses the last one in one step, because the page may replace them between two. */
function scrollAndFocus(names: string[]) {
  for (const details of document.querySelectorAll<HTMLDetailsElement>('main details')) details.open = true
  for (const name of names) {
    const table = document.querySelector<HTMLElement>(`[aria-label="${name}"]`)
    table?.scrollTo(40, 0)
    table?.focus()
  }
}
