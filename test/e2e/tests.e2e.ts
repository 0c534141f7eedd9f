import { expect, overflow, test, testedJob } from './farm-page.ts'

// The pages need no JavaScript, so the test runs without it.
test.use({ javaScriptEnabled: false })

test('from a failed job, two links lead to the history of the failed test on all hosts', async ({ farm, page }) => {
  const { job, build, history } = await testedJob(farm)
  await page.goto(job)
  await page.getByRole('link', { name: '2 tests: 1 passed, 1 failed' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Tests of job')
  await expect(page.locator('.failed-tests')).toContainText('writes: failed')

  await page.locator('.failed-tests').getByRole('link', { name: 'writes' }).click()
  expect(new URL(page.url()).pathname).toBe(history)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('writes')
  const result = page.locator('.results a').last()
  await expect(result).toHaveText('F')
  const box = await result.boundingBox()
  expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(24)

  await page.goto(build)
  await page.getByRole('link', { name: '2 tests in 1 job: 1 failed' }).click()
  await expect(page.getByRole('heading', { name: 'Failing in its first run' })).toBeVisible()

  await page.goto('/projects/sample/tests')
  await page.getByLabel('Name contains').fill('READ')
  await page.getByRole('button', { name: 'Search tests' }).click()
  await expect(page.locator('.all-tests li')).toHaveCount(1)
  await page.setViewportSize({ width: 320, height: 800 })
  for (const path of [`${job}/tests`, `${build}/tests`, history, '/projects/sample/tests']) {
    await page.goto(path)
    expect(await overflow(page), path).toBe(0)
  }
})
