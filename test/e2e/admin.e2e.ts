import { expect, startJob, test } from './farm-page.ts'

test('a visitor sees no button, and a form of his is refused', async ({ farm, page }) => {
  await farm.wireHost('visited-1', ['riscv64'])
  const build = await farm.push('# for a visitor\n')
  await page.goto(`/builds/${build.id}`)
  await expect(page.getByRole('button')).toHaveCount(0)
  const refused = await page.request.post(`/builds/${build.id}/cancel`, { form: {} })
  expect(refused.status()).toBe(401)
  expect(await refused.text()).toContain('./farm admin')
  await page.goto('/hosts/new')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Only administrators invite hosts')
})

test('a form that was made for nobody’s session is refused', async ({ farm, page, signIn }) => {
  const build = await farm.push('# without a proof\n')
  await signIn(page)
  const refused = await page.request.post(`/builds/${build.id}/cancel`, { form: { _csrf: 'x'.repeat(43) } })
  expect(refused.status()).toBe(403)
})

test('an administrator triggers a build and cancels it', async ({ farm, page, signIn }) => {
  await farm.wireHost('cancelled-1', ['ia64'])
  const commit = farm.repository('sample').commit({ 'job.sh': '# by a button\n' })
  await signIn(page)
  await page.goto('/projects/sample')
  await page.getByLabel('Branch, tag or commit').fill(commit)
  await page.getByRole('button', { name: 'Build it' }).click()
  await expect(page).toHaveURL(/\/builds\/\d+$/)
  await expect(page.getByText(commit).first()).toBeVisible() // its sources name it again
  await expect(page.getByRole('row', { name: /cancelled-1/ })).toContainText('queued')
  await page.getByRole('button', { name: 'Cancel what is left of this build' }).click()
  await expect(page.getByRole('row', { name: /cancelled-1/ })).toContainText('cancelled')
})

test('a commit that was built before is not built again, unless an administrator asks for it', async ({
  farm,
  page,
  signIn,
}) => {
  const commit = farm.repository('sample').commit({ 'job.sh': '# built twice\n' })
  await signIn(page)
  const build = async () => {
    await page.goto('/projects/sample')
    await page.getByLabel('Branch, tag or commit').fill(commit)
    await page.getByRole('button', { name: 'Build it' }).click()
  }
  await build()
  await expect(page).toHaveURL(/\/builds\/\d+$/)
  const first = page.url()
  await build()
  await expect(page).toHaveURL(`${first}?built=before`)
  await expect(page.getByRole('status')).toContainText('built before with the same recipe')
  await page.getByRole('button', { name: 'Build this commit again' }).click()
  await expect(page).toHaveURL(/\/builds\/\d+$/)
  expect(page.url()).not.toBe(first)
  await expect(page.getByText(commit).first()).toBeVisible()
})

test('a commit that does not exist is told with git’s words', async ({ page, signIn }) => {
  await signIn(page)
  await page.goto('/projects/sample')
  await page.getByLabel('Branch, tag or commit').fill('no-such-branch')
  await page.getByRole('button', { name: 'Build it' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('sample was not built')
  await expect(page.locator('main')).toContainText('no-such-branch')
})

test('an administrator cancels a running job and runs it again', async ({ farm, page, signIn }) => {
  const host = await farm.wireHost('retried-1', ['hppa'])
  const { offer, path } = await startJob(farm, host)
  await host.progress(offer, '')
  await signIn(page)
  await page.goto(path)
  await page.getByRole('button', { name: 'Cancel this job' }).click()
  await expect(page.locator('#state')).toContainText('Its host has been told to end it')
  await host.finish(offer, '', { reason: 'cancelled', steps: [] })
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Cancelled')
  await page.getByRole('button', { name: 'Run it again' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Queued')
  await expect(page.getByRole('link', { name: '1 cancelled' })).toBeVisible()
})

test('an invitation is one line that makes a machine a host', async ({ farm, page, signIn }) => {
  await signIn(page)
  await page.goto('/hosts')
  await page.getByRole('link', { name: 'Invite a host' }).click()
  await page.getByLabel('Its name').fill('no name!')
  await page.getByRole('button', { name: 'Make the line' }).click()
  await expect(page.getByText('That is no name for a host')).toBeVisible()
  await page.getByLabel('Its name').fill('invited-1')
  await page.getByRole('button', { name: 'Make the line' }).click()
  const line = await page.locator('pre.command').first().textContent()
  expect(line).toMatch(new RegExp(`^curl -fsS ${farm.url}/agent.sh \\| sh -s -- enroll rfi-[A-Za-z0-9_-]+$`))
})

test('a host is paused, resumed and removed', async ({ farm, page, signIn }) => {
  await farm.wireHost('paused-1', ['armv7'])
  await signIn(page)
  await page.goto('/hosts/paused-1')
  await page.getByRole('button', { name: /^Pause/ }).click()
  await expect(page.locator('main')).toContainText('An administrator paused it')
  await page.getByRole('button', { name: /^Resume/ }).click()
  await expect(page.getByRole('button', { name: /^Pause/ })).toBeVisible()
  await page.getByText('Remove this host').click()
  await page.getByRole('button', { name: 'Remove paused-1' }).click()
  await expect(page).toHaveURL(/\/hosts$/)
  await expect(page.getByRole('rowheader', { name: 'paused-1' })).toHaveCount(0)
})

test('an owner’s address is set and ended on the page of the host, and its path is shown to nobody', async ({
  farm,
  page,
  signIn,
}) => {
  await farm.wireHost('told-1', ['sh4'])
  await signIn(page)
  await page.goto('/hosts/told-1')
  await page.getByText('Tell somebody when it falls silent').click()
  await page.getByLabel(/^Address/).fill('https://me:secret@alerts.example.org/')
  await page.getByRole('button', { name: 'Tell it' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('That address cannot be told')
  await page.goto('/hosts/told-1')
  await page.getByText('Tell somebody when it falls silent').click()
  await page.getByLabel(/^Address/).fill('https://alerts.example.org/path-of-it')
  await page.getByRole('button', { name: 'Tell it' }).click()
  await expect(page.locator('pre.command')).toHaveText(/^whsec_[A-Za-z0-9+/]{43}=$/)
  await page.getByRole('link', { name: 'Back to told-1' }).click()
  await expect(page.locator('main')).toContainText('https://alerts.example.org has been told nothing yet.')
  expect(await page.content()).not.toContain('path-of-it')
  await page.getByRole('button', { name: 'Tell nobody' }).click()
  await expect(page.getByText('Tell somebody when it falls silent')).toBeVisible()
})

test('who signs out is a visitor again', async ({ page, signIn }) => {
  await signIn(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('button')).toHaveCount(0)
})
