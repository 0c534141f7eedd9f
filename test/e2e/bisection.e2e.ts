import type { TestFarm } from '../support/farm-fixture.ts'
import { ended, expect, test } from './farm-page.ts'

/** A cell that passes at the first of five commits and fails at the last. */
async function failingCell(farm: TestFarm): Promise<void> {
  await farm.project('bisected', { steps: [{ build: 'sh ./job.sh' }], confirm: '0', hosts: ['bisect-*'] })
  const repository = farm.repository('bisected')
  const commits = [0, 1, 2, 3, 4].map(number => repository.commit({ 'vm.c': `${number}\n` }, `Change ${number}`))
  const host = await farm.wireHost('bisect-1', ['alpha'])
  await farm.trigger(commits[0], 'bisected')
  await host.finish(await host.job(1), '', { steps: ended([0], 0) })
  await farm.trigger('main', 'bisected')
  const log = "vm.c:12:3: error: 'uvmexp' undeclared\n"
  const offer = await host.job(2)
  await host.progress(offer, log)
  await host.finish(offer, log, { steps: ended([1], log.length) })
}

const address = '/bisections/new?project=bisected&branch=main&host=bisect-1&arch=alpha&variant=default'

test('an administrator sees the price of a bisection, starts it, reads its commits, and cancels it', async ({
  farm,
  page,
  signIn,
}) => {
  await failingCell(farm)
  await signIn(page)
  await expect(async () => {
    await page.goto(address)
    await expect(page.getByText(/the first bad one of 4 commits: about 8 probes, .* on bisect-1/)).toBeVisible({
      timeout: 500,
    })
  }).toPass()
  await page.getByRole('button', { name: 'Start bisection' }).click()
  await expect(page).toHaveURL(/\/bisections\/\d+$/)
  const row = page.getByRole('row', { name: /Change 4/ })
  await expect(row).toContainText('Ada Lovelace')
  await expect(page.getByRole('row', { name: /last good commit again/ })).toContainText('waiting')
  await page.getByRole('button', { name: 'Cancel bisection' }).click()
  await expect(page.getByText(/Cancelled after 1 run/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Continue bisection' })).toBeVisible()
  await page.goto('/bisections')
  await expect(page.getByRole('row', { name: /bisect-1/ })).toContainText('4 commits remain')
})
