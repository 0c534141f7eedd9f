/// <reference lib="dom" />
// The dense matrix with the data of a large farm in a real database: its size, its panel and its keys.
import { expect, type Page, test } from '@playwright/test'
import pg from 'pg'
import { startTemporaryPostgres } from '../../packages/local-postgres/src/index.ts'
import { TestFarm } from '../support/farm-fixture.ts'
import { matrixFarmYaml, writeMatrixData } from '../support/matrix-data.ts'

let farm: TestFarm
let database: Awaited<ReturnType<typeof startTemporaryPostgres>>

test.beforeAll(async () => {
  test.setTimeout(180_000)
  database = await startTemporaryPostgres()
  const environment = { SILENT_SECONDS: '86400' } // the hosts of the data send no messages
  farm = await TestFarm.open({
    databaseUrl: database.url,
    queues: 'postgres',
    environment,
    projects: matrixFarmYaml as never,
  })
  await writeMatrixData(database.url)
})
test.afterAll(async () => {
  await farm?.close()
  await database?.stop()
})

const open = async (page: Page, path = '/', width = 1600) => {
  await page.setViewportSize({ width, height: 1000 })
  await page.goto(`${farm.url}${path}`)
}
const sizeOf = (page: Page) =>
  page.evaluate(() => ({ width: document.documentElement.scrollWidth, height: document.documentElement.scrollHeight }))
const panel = (page: Page) => page.getByRole('dialog')

test('60 hosts and 20 arches of 5 projects with 2 variants fit in 2,000 pixels', async ({ page }) => {
  await open(page)
  await expect(page.locator('.grid tbody tr')).toHaveCount(60)
  const { width, height } = await sizeOf(page)
  expect(width).toBeLessThanOrEqual(1600)
  expect(height).toBeLessThanOrEqual(2000)
  const cut = page
    .locator('.grid td > a')
    .evaluateAll(boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1).length)
  expect(await cut).toBe(0)
})

test('the panel of a box opens by pointer, by tap and by key, and does not change the layout', async ({ page }) => {
  await open(page)
  const box = page.locator('.grid td.new a').first()
  const before = await sizeOf(page)
  await box.hover()
  await expect(panel(page)).toContainText('failed at build')
  await expect(panel(page)).toContainText('Ruth Okafor: keep sysent aligned on LP64')
  await expect(panel(page)).toContainText(/also on \d+ of \d+ other hosts/)
  expect(await sizeOf(page)).toEqual(before)
  await page.mouse.move(2, 2)
  await expect(panel(page)).toBeHidden()
  await box.click()
  await expect(panel(page)).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(panel(page)).toBeHidden()
  await expect(page).toHaveURL(`${farm.url}/`)
})

test('the grid is one tab stop; arrows move in it, and n goes to the next trouble', async ({ page }) => {
  await open(page)
  await expect(page.locator('.grid a[tabindex="0"]')).toHaveCount(1)
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('href'))
  await page.locator('.grid a[tabindex="0"]').focus()
  const first = await focused()
  await page.keyboard.press('n')
  expect(await focused()).not.toBe(first)
  await page.keyboard.press('p')
  expect(await focused()).toBe(first)
  await page.keyboard.press('Control+Home')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Home')
  expect(await focused()).toContain('os=NetBSD')
  await page.keyboard.press('n')
  await page.keyboard.press('Enter')
  await expect(panel(page)).toBeVisible()
  await expect(panel(page).getByRole('link').first()).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(panel(page)).toBeHidden()
  expect(await focused()).toContain('/cells/')
})

test('filters are in the address, and the page says which hosts and arches they hide', async ({ page }) => {
  await open(page)
  await page.getByRole('combobox', { name: 'System' }).selectOption('OpenBSD')
  await page.getByRole('combobox', { name: 'Arch' }).selectOption('sparc64')
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(page).toHaveURL(/os=OpenBSD/)
  await expect(page.getByRole('columnheader')).toHaveText(['System', 'Host', 'sparc64'])
  await page.getByRole('link', { name: 'Only trouble' }).click()
  await expect(page).toHaveURL(/os=OpenBSD&arch=sparc64.*trouble=1/)
  await expect(page.locator('.folded')).toContainText('Hidden, because they have no box here')
})

test('a telephone shows a list of hosts, and each box names its arch', async ({ page }) => {
  await open(page, '/', 320)
  expect((await sizeOf(page)).width).toBe(320)
  const box = page.locator('.grid td.new a').first()
  const name = box.locator('i').first()
  expect(await name.evaluate(element => element.getBoundingClientRect().width)).toBeGreaterThan(20)
  await box.tap().catch(() => box.click())
  await expect(panel(page)).toBeVisible()
})

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('a box is a link to a page with the same content, and the filters work', async ({ page }) => {
    await open(page)
    await page.locator('.grid td.new a').first().click()
    await expect(page).toHaveURL(/\/cells\//)
    await expect(page.getByRole('heading', { level: 1 })).toContainText(' on ')
    await expect(page.locator('main')).toContainText('Ruth Okafor: keep sysent aligned on LP64')
    await open(page)
    await page.getByRole('searchbox', { name: 'Host' }).fill('linux-1')
    await page.getByRole('button', { name: 'Apply' }).click()
    await expect(page.getByRole('rowheader', { name: /^linux-1/ }).first()).toBeVisible()
    await expect(page.getByRole('rowheader', { name: /^netbsd/ })).toHaveCount(0)
  })
})

test('30 hosts fit in 1,000 pixels', async ({ page }) => {
  const db = new pg.Client({ connectionString: database.url })
  await db.connect()
  await db.query(`UPDATE "Host" SET "removedAt" = now() WHERE "id" >= 1030`)
  await db.end()
  // No message tells the server of this change, and it may still have a page that is a second old.
  await expect(async () => {
    await open(page)
    await expect(page.locator('.grid tbody tr')).toHaveCount(30, { timeout: 1000 })
  }).toPass()
  const { width, height } = await sizeOf(page)
  expect(width).toBeLessThanOrEqual(1600)
  expect(height).toBeLessThanOrEqual(1000)
})
