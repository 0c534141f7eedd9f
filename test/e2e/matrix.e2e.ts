import { ended, expect, markPage, startJob, test } from './farm-page.ts'

test('the matrix shows a cell that never ran', async ({ farm, page }) => {
  await farm.wireHost('never-1', ['vax'])
  await page.goto('/')
  const row = page.getByRole('row', { name: /never-1/ })
  await expect(row).toContainText('never ran')
  await expect(page.getByRole('columnheader', { name: 'vax' })).toBeVisible()
  await expect(page.getByRole('list', { name: /^Boxes by status/ })).toContainText('never ran')
})

test('a failing cell shows the failed step, the first failure and the number of similar failures, and links to the job', async ({
  farm,
  page,
}) => {
  const host = await farm.wireHost('broken-1', ['m68k'])
  const { offer, path } = await startJob(farm, host)
  await host.finish(offer, '', { steps: ended([0, 2], 0) })
  await page.goto('/?project=sample')
  await expect(page.getByRole('row', { name: /broken-1/ })).toContainText(/m68k: failed for \d+ s at build/)
  await expect(page.locator('.news')).toContainText(/sample build \d+ s · #\d+ [0-9a-f]{7} · never passed/)
  await page.getByRole('link', { name: 'Detailed' }).click()
  const cell = page.getByRole('row', { name: /broken-1/ })
  await expect(cell).toContainText(/failed build \d+ s #\d+ [0-9a-f]{7}/)
  await expect(cell).toContainText('never passed')
  await cell.getByRole('link', { name: 'failed build' }).click()
  await expect(page).toHaveURL(new RegExp(`${path}$`))
})

test('the matrix updates itself without a reload', async ({ farm, page }) => {
  const host = await farm.wireHost('live-1', ['alpha'])
  const { offer } = await startJob(farm, host)
  await page.goto('/')
  const row = page.getByRole('row', { name: /live-1/ })
  await expect(row).toContainText('alpha: running')
  const stillThere = await markPage(page)
  await host.progress(offer, '', { steps: ended([0], 0) })
  await expect(row).toContainText('running build')
  await host.finish(offer, '')
  await expect(row).toContainText('passed')
  await stillThere()
})

test('if the reload of a page fails, the page tries again later', async ({ farm, page }) => {
  const host = await farm.wireHost('later-1', ['hppa'])
  const { offer } = await startJob(farm, host)
  await page.goto('/')
  const row = page.getByRole('row', { name: /later-1/ })
  await expect(row).toContainText('hppa: running')
  let refused = 0
  await page.route('**/', route => (++refused > 1 ? route.continue() : route.fulfill({ status: 503 })))
  await host.finish(offer, '')
  await expect(row).toContainText('passed')
  // A load from before the first refusal may have shown the result, so the second load may come later.
  await expect.poll(() => refused).toBeGreaterThan(1)
})

test('the matrix can show only one project', async ({ farm, page }) => {
  await farm.wireHost('other-1', ['sh3'])
  await page.goto('/')
  await page.getByRole('link', { name: 'other', exact: true }).click()
  await expect(page.getByRole('row', { name: /other-1/ })).toContainText('never ran')
  await expect(page.getByRole('columnheader', { name: 'vax' })).toHaveCount(0)
  await page.goto('/?project=nothing')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no project nothing')
})

test('every page shows the errors of farm.yaml, also an open page', async ({ farm, page }) => {
  await page.goto('/builds')
  await farm.project('wrong', { steps: [{ build: 'true' }], hosts: 'no list' } as never)
  await expect(page.getByRole('region', { name: 'Errors in farm.yaml' })).toContainText('farm.yaml:')
  await farm.project('wrong', { steps: [{ build: 'true' }], hosts: ['nobody'] })
  await expect(page.getByRole('region', { name: 'Errors in farm.yaml' })).toHaveCount(0)
})
