import { ended, expect, startJob, test } from './farm-page.ts'

test.describe('in a browser in Kolkata', () => {
  test.use({ timezoneId: 'Asia/Kolkata' })

  test('a page shows times in the zone of the browser, and the title has UTC', async ({ farm, page }) => {
    await farm.wireHost('zone-1', ['vax'])
    await page.goto('/hosts/zone-1')
    const enrolled = page.locator('dt:text-is("Enrolled") + dd time')
    const at = new Date((await enrolled.getAttribute('datetime')) ?? '')
    await expect(enrolled).toHaveText(textIn('Asia/Kolkata', at, 'GMT+5:30'))
    await expect(enrolled).toHaveAttribute('title', textIn('UTC', at, 'UTC'))
    await expect(page.locator('footer time')).toHaveText(/GMT\+5:30$/)
    const seen = page.locator('dt:text-is("Last seen") + dd time')
    await seen.hover()
    await expect(seen).toHaveAttribute('title', / UTC, \d{4}-\d\d-\d\d \d\d:\d\d GMT\+5:30$/)
  })

  test('a part of a page that the server sends later has local times too', async ({ farm, page }) => {
    const host = await farm.wireHost('zone-2', ['vax'])
    const { offer, path } = await startJob(farm, host)
    const { buildId } = await farm.job(Number(path.split('/').at(-1))).view()
    await page.goto(`/builds/${buildId}`)
    await expect(page.locator('dt:text-is("Triggered by") + dd time').first()).toHaveText(/GMT\+5:30$/)
    await host.finish(offer, '', { steps: ended([0, 0, 0], 0) })
    await expect(page.locator('main')).toContainText('passed')
    await expect(page.locator('dt:text-is("Triggered by") + dd time').first()).toHaveText(/GMT\+5:30$/)
  })
})

test.describe('without JavaScript', () => {
  test.use({ timezoneId: 'Asia/Kolkata', javaScriptEnabled: false })

  test('a page shows times in UTC', async ({ farm, page }) => {
    await farm.wireHost('zone-3', ['vax'])
    await page.goto('/hosts/zone-3')
    const enrolled = page.locator('dt:text-is("Enrolled") + dd time')
    await expect(enrolled).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/)
  })
})

const textIn = (timeZone: string, at: Date, name: string): string =>
  `${at.toLocaleString('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })} ${name}`
