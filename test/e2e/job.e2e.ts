/// <reference lib="dom" />
import type { Locator } from '@playwright/test'
import { ended, expect, markPage, startJob, test } from './farm-page.ts'

test('a page shows new lines and the end of a running job without a reload', async ({ farm, page }) => {
  const host = await farm.wireHost('log-1', ['arm'])
  const { offer, path } = await startJob(farm, host)
  await host.progress(offer, 'first line\nhalf')
  await page.goto(path)
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Running configure')
  await expect(page.locator('#L1')).toContainText('first line')
  await expect(page.locator('#L2')).toContainText('half')
  const stillThere = await markPage(page)

  await host.progress(offer, ' and half\n', { offset: 15 })
  await expect(page.locator('#L2')).toContainText('half and half')
  await expect(page.locator('.line')).toHaveCount(2)

  await host.progress(offer, 'compiling\n', { offset: 25, steps: ended([0], 25) })
  await expect(page.locator('#step-build')).toContainText('compiling')
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Running build')

  const log = 'first line\nhalf and half\ncompiling\n'
  await host.finish(offer, log, { steps: [...ended([0], 25), ...ended([1], log.length)] })
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Failed at build')
  await expect(page).toHaveTitle(/for arm: failed · Rumpfarm$/)
  await stillThere()
  await expect(page.locator('#step-build summary')).toContainText('failed, exit code 1')
  await expect(page.getByText('Last lines of the failed step')).toBeVisible() // the farm has examined the log
  await expect(page.getByRole('link', { name: 'No tests' })).toBeVisible()
  // Ignores open sections and durations, because the live page keeps the section of an ended step open.
  const html = async () => (await page.locator('main').innerHTML()).replace(/ open=""|\d+ s(?=<)/g, '')
  const live = await html()
  await page.reload()
  expect(live).toBe(await html())
})

test('a link to a line of a long log shows that line', async ({ farm, page }) => {
  const host = await farm.wireHost('line-1', ['m68k'])
  const { offer, path } = await startJob(farm, host)
  const log = Array.from({ length: 60_000 }, (_, i) => `output ${i + 1}\n`).join('')
  for (let offset = 0; offset < log.length; offset += 60_000)
    await host.progress(offer, log.slice(offset, offset + 60_000), { offset })
  await host.finish(offer, log, { steps: ended([0], log.length) })
  await page.goto(`${path}#L100`)
  await expect(page.locator('#L100')).toBeInViewport()
  await expect(page.locator('#L100')).toContainText('output 100')
})

test('seven visible pages share one connection, and each page loads and updates itself', async ({ farm, page }) => {
  const host = await farm.wireHost('seven-1', ['sh4'])
  const { offer, path } = await startJob(farm, host)
  await host.progress(offer, 'one\n')
  const others = await Promise.all(Array.from({ length: 6 }, () => page.context().newPage()))
  for (const visible of [...others, page]) {
    await visible.goto(path, { timeout: 10_000 })
    await expect(visible.locator('#L1')).toContainText('one')
  }
  await others[0]?.goto('/')
  await host.progress(offer, 'two\n', { offset: 4 })
  for (const visible of [...others.slice(1), page]) await expect(visible.locator('#L2')).toContainText('two')
  await host.finish(offer, 'one\ntwo\n')
  await expect(others[0]?.getByRole('row', { name: /seven-1/ }) as Locator).toContainText('passed')
  for (const visible of [...others.slice(1), page])
    await expect(visible.getByRole('heading', { level: 1 })).toContainText('Passed')
})

test('without shared workers, a hidden page closes its connection, so that a seventh page loads', async ({
  farm,
  page,
}) => {
  const host = await farm.wireHost('seventh-1', ['sh4'])
  const { offer, path } = await startJob(farm, host)
  await host.progress(offer, 'one\n')
  await page.context().addInitScript(() => Reflect.deleteProperty(window, 'SharedWorker'))
  for (let hidden = 0; hidden < 6; hidden++) {
    const other = await page.context().newPage()
    const events = other.waitForRequest(/\/events\?/)
    await other.goto(path)
    await events
    await other.evaluate(() => {
      Object.defineProperty(document, 'hidden', { value: true })
      document.dispatchEvent(new Event('visibilitychange'))
    })
  }
  await page.goto(path, { timeout: 10_000 })
  await expect(page.locator('#L1')).toContainText('one')
  await host.progress(offer, 'two\n', { offset: 4 })
  await expect(page.locator('#L2')).toContainText('two')
  await host.finish(offer, 'one\ntwo\n')
})

test('after a lost connection, a page shows each line of the log only once', async ({ farm, page }) => {
  test.slow() // on a busy machine the server needs 20 s to start again
  const host = await farm.wireHost('break-1', ['ppc'])
  const { offer, path } = await startJob(farm, host)
  await host.progress(offer, 'one\n')
  await page.goto(path)
  await expect(page.locator('#L1')).toContainText('one')
  const stillThere = await markPage(page)
  await expect(page.locator('#lost')).toBeHidden()
  await farm.kill9()
  await expect(page.locator('#lost')).toContainText(/No connection to the server since .*\d/)
  await farm.start()
  await expect(page.locator('#lost')).toBeHidden({ timeout: 45_000 }) // the browser retries after at most 37 s
  await host.progress(offer, 'two\nthree\n', { offset: 4 })
  await expect(page.locator('#L3')).toContainText('three')
  expect(await page.locator('.part pre').allTextContents()).toEqual(['1 one\n2 two\n3 three\n'])
  await stillThere()
  await host.finish(offer, 'one\ntwo\nthree\n')
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Passed')
})

test('the page of a lost job shows the next attempt when it starts', async ({ farm, page }) => {
  const host = await farm.wireHost('lost-1', ['vax'])
  const { offer, path } = await startJob(farm, host)
  await host.progress(offer, 'first try\n')
  await page.goto(path)
  await expect(page.locator('#L1')).toContainText('first try')
  const stillThere = await markPage(page)
  await farm.sql(`UPDATE "OpenAttempt" SET "leaseUntil" = now() - interval '2 days' WHERE state = 'running'`)
  await expect(page.getByRole('link', { name: '#1 lost' })).toBeVisible()
  const second = await host.job(2)
  await host.progress(second, 'second try\n')
  await expect(page.locator('#L1')).toContainText('second try')
  await host.finish(second, 'second try\n')
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Passed')
  await stillThere()
})

test('the page shows markup and control characters in a log as text', async ({ farm, page }) => {
  const host = await farm.wireHost('nasty-1', ['mipsel'])
  const { offer, path } = await startJob(farm, host)
  const nasty = Buffer.concat([
    Buffer.from('<img src=x onerror=alert(1)><script>alert(2)</script>\n'),
    Buffer.from('nul \0 bell \u0007\n\u001b[31mred\u001b[0m plain\n10%\r100%\n'),
    Buffer.from([0xff, 0xfe, 0x0a]),
    Buffer.alloc(1_000_000, 'x'),
    Buffer.from('\nlast words\n'),
  ])
  let offset = 0
  for (let start = 0; start < nasty.length; start += 60_000) {
    const chunk = nasty.subarray(start, start + 60_000)
    await host.progress(offer, chunk, { offset })
    offset += chunk.length
  }
  await host.finish(offer, nasty, { steps: ended([1], nasty.length) })
  await page.goto(path)
  await expect(page.locator('#L1')).toContainText('<img src=x onerror=alert(1)><script>alert(2)</script>')
  await expect(page.locator('.log img, .log script')).toHaveCount(0)
  await expect(page.locator('#L2')).toContainText('nul ␀ bell ␇')
  await expect(page.locator('#L3 .fg1')).toHaveText('red')
  await expect(page.locator('#L4')).toHaveText('4 100%')
  await expect(page.locator('#L5')).toContainText('\ufffd\ufffd')
  await expect(page.locator('#L6')).toContainText('995904 more bytes in this line')
  await expect(page.locator('#L7')).toContainText('last words')
  const raw = await page.request.get(
    await page.getByRole('link', { name: 'Raw log' }).getAttribute('href').then(String),
  )
  expect(await raw.body()).toEqual(nasty)
  expect(raw.headers()).toMatchObject({ 'x-content-type-options': 'nosniff' })
})

test('the page opens the failed step, and a click opens the other steps', async ({ farm, page }) => {
  const host = await farm.wireHost('steps-1', ['sparc'])
  const { offer, path } = await startJob(farm, host)
  const log = 'configuring\ncompiling\n'
  await host.progress(offer, log, { steps: ended([0], 12) })
  await host.finish(offer, log, { steps: [...ended([0], 12), ...ended([2], log.length)] })
  await page.goto(path)
  await expect(page.locator('#step-build .line').getByText('compiling')).toBeVisible()
  await expect(page.getByText('configuring')).toBeHidden()
  await page.getByRole('rowheader', { name: 'configure' }).getByRole('link').click()
  await expect(page.getByText('configuring')).toBeVisible()
  await expect(page.getByRole('row', { name: /build/ })).toContainText('failed')
  await expect(page.getByRole('row', { name: /tests/ })).toContainText('not reached')
})

test('the page of a failed job opens at the failed step, and finds text and lines in the log', async ({
  farm,
  page,
}) => {
  const host = await farm.wireHost('find-1', ['sh3'])
  const { offer, path } = await startJob(farm, host)
  const lines = Array.from({ length: 2_000 }, (_, i) =>
    i % 700 === 699 ? `Broken part ${i + 1}\n` : `part ${i + 1}\n`,
  )
  const log = lines.join('')
  await host.progress(offer, log)
  await host.finish(offer, log, { steps: [...ended([0], log.length - 9), ...ended([1], log.length)] })
  await page.goto(path)
  await expect(page.locator('#step-configure')).toHaveText(/configure.*passed/)
  await page.getByLabel('Find in log').fill('broken PART')
  await page.getByRole('button', { name: 'Search' }).click()
  await expect(page.getByText('2 lines with “broken PART”.')).toBeVisible()
  await page.getByRole('link', { name: 'Next', exact: true }).click()
  await expect(page.locator('.line.chosen')).toContainText('Broken part 1400')
  await expect(page.locator('.line.chosen mark')).toBeInViewport()
  await page.getByRole('link', { name: 'Show times' }).click()
  await expect(page.locator('.line time').first()).toHaveText(/^\d:\d\d$/)

  await page.locator('#L1400 > a').click()
  await page.locator('#L1403 > a').click({ modifiers: ['Shift'] })
  await expect(page).toHaveURL(/#L1400-L1403$/)
  await expect(page.locator('.line.chosen')).toHaveCount(4)
  await page.goto('/')
  await page.goto(`${path}#L20-L22`)
  await expect(page.locator('.line.chosen')).toHaveText([/part 20\s$/, /part 21\s$/, /part 22\s$/])
})

test('a running log opens at its newest line, and follows the log until the reader scrolls up', async ({
  farm,
  page,
}) => {
  const host = await farm.wireHost('follow-1', ['or1k'])
  const { offer, path } = await startJob(farm, host)
  const log = Array.from({ length: 500 }, (_, i) => `output ${i + 1}\n`).join('')
  await host.progress(offer, log)
  await page.goto(path)
  await expect(page.locator('#L500')).toBeInViewport()
  await expect(page.getByText('New lines appear here')).toBeVisible()
  await host.progress(offer, 'one more\n', { offset: log.length })
  await expect(page.locator('#L501')).toBeInViewport()
  await page.evaluate(() => window.scrollTo({ top: 0 }))
  await host.progress(offer, 'and another\n', { offset: log.length + 9 })
  await expect(page.locator('#L502')).toContainText('and another')
  expect(await page.evaluate(() => window.scrollY)).toBe(0)
  await host.finish(offer, `${log}one more\nand another\n`)
})
