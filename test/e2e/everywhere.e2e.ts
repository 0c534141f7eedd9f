/// <reference lib="dom" />
// What every page owes everybody: those who use a screen reader, a telephone, the night, or no JavaScript.
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import type { TestFarm } from '../support/farm-fixture.ts'
import { ended, expect, overflow, startJob, test } from './farm-page.ts'

interface Paths {
  job: string
  running: string
  build: string
}

let known: Paths | undefined

/** One host with a job that failed and one that runs; made once. */
async function pathsOf(farm: TestFarm): Promise<Paths> {
  if (known) return known
  const host = await farm.wireHost('everywhere-1', ['amd64', 'i386'])
  const { offer, path } = await startJob(farm, host)
  const log = `configuring\n${'compile a file with a long name '.repeat(20)}\n\u001b[1;31merror:\u001b[0m it does not\n`
  await host.progress(offer, log, { steps: ended([0], 12) })
  await host.finish(offer, log, { steps: [...ended([0], 12), ...ended([2], log.length)] })
  const other = await host.job(2, { slot: 2 })
  await host.progress(other, 'still at it\n')
  const { buildId } = await farm.job(Number(offer.attempt.split('.')[0])).view()
  known = { job: path, running: `/jobs/${other.attempt.split('.')[0]}`, build: `/builds/${buildId}` }
  return known
}

const everyPage = async (farm: TestFarm): Promise<string[]> => {
  const { job, running, build } = await pathsOf(farm)
  return ['/', '/builds', build, job, running, '/hosts', '/hosts/everywhere-1', '/projects/sample', '/nowhere']
}

/** Rules of WCAG 2.2 A and AA, and axe's own of good practice. */
async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze()
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every page can be read with a screen reader and has enough contrast, ${colorScheme}`, async ({
    farm,
    page,
  }) => {
    test.slow() // nine pages, and axe looks at every element of each
    await page.emulateMedia({ colorScheme })
    for (const path of await everyPage(farm)) {
      await page.goto(path)
      expect.soft(await violations(page), path).toEqual([])
    }
  })
}

test('an administrator’s pages, too', async ({ farm, page, signIn }) => {
  test.slow()
  const { job } = await pathsOf(farm)
  await signIn(page)
  for (const path of ['/hosts/new', '/hosts/everywhere-1', '/projects/sample', job]) {
    await page.goto(path)
    expect.soft(await violations(page), path).toEqual([])
  }
})

test('no page has to be moved sideways at 400 pixels', async ({ farm, page }) => {
  await page.setViewportSize({ width: 400, height: 800 })
  for (const path of await everyPage(farm)) {
    await page.goto(path)
    expect.soft(await overflow(page), path).toBe(0)
  }
})

test('a host name of 40 characters stays inside its column, and its title is the whole name', async ({
  farm,
  page,
}) => {
  const name = 'a-host-whose-name-has-forty-characters-x'
  const host = await farm.wireHost(name, ['hppa'])
  await host.finish((await startJob(farm, host)).offer, '')
  await page.goto('/')
  const build = await page.locator('tr', { hasText: name }).getByRole('link', { name: /^#/ }).getAttribute('href')
  for (const path of ['/', '/hosts', build ?? '']) {
    await page.goto(path)
    const link = page.getByRole('rowheader').getByRole('link', { name })
    await expect(link).toHaveAttribute('title', name)
    const beyond = (element: HTMLElement) =>
      element.getBoundingClientRect().right - (element.closest('th')?.getBoundingClientRect().right ?? 0)
    expect.soft(await link.evaluate(beyond), path).toBeLessThanOrEqual(0)
  }
})

test('the night has dark paper', async ({ page }) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto('/')
  expect(brightness(await paper())).toBeGreaterThan(230)
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(brightness(await paper())).toBeLessThan(40)
})

const brightness = (colour: string): number => Math.max(...(colour.match(/\d+/g) ?? []).map(Number))

test('a wide matrix scrolls in its own frame, by keyboard as well', async ({ farm, page }) => {
  await farm.wireHost(
    'wide-1',
    Array.from({ length: 20 }, (_, index) => `arch${index}`),
  )
  await page.setViewportSize({ width: 900, height: 700 })
  await page.goto('/')
  const frame = page.getByRole('region', { name: 'Matrix of hosts and architectures' })
  await frame.focus()
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => frame.evaluate(element => element.scrollLeft)).toBeGreaterThan(0)
  expect(await overflow(page)).toBe(0)
})

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('every page is complete, and one that will change loads itself again', async ({ farm, page }) => {
    const { job, running } = await pathsOf(farm)
    await page.goto('/')
    await expect(page.getByRole('row', { name: /everywhere-1/ })).toContainText('failed build')
    await page.goto(job)
    await expect(page.getByText('it does not')).toBeVisible()
    await page.getByRole('rowheader', { name: 'configure' }).getByRole('link').click()
    await expect(page.getByText('configuring')).toBeVisible()
    await page.goto(running)
    await expect(page.locator('#L1')).toContainText('still at it')
    expect(await page.content()).toContain('http-equiv="refresh"')
  })

  test('an administrator’s forms work', async ({ farm, page, signIn }) => {
    await pathsOf(farm)
    await signIn(page)
    await page.goto('/hosts/everywhere-1')
    await page.getByRole('button', { name: /^Pause/ }).click()
    await expect(page.locator('main')).toContainText('paused')
    await page.getByRole('button', { name: /^Resume/ }).click()
    await expect(page.getByRole('button', { name: /^Pause/ })).toBeVisible()
  })
})

test('nothing comes from elsewhere, and scripts in a page do not run', async ({ farm, page }) => {
  const asked: string[] = []
  page.on('request', request => asked.push(new URL(request.url()).origin))
  for (const path of await everyPage(farm)) {
    const answer = await page.goto(path)
    expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'")
    expect(answer?.headers()['content-security-policy']).not.toContain('unsafe')
  }
  expect([...new Set(asked)]).toEqual([farm.url])
})
