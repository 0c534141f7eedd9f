import { createHash } from 'node:crypto'
import { expect, startJob, test } from './farm-page.ts'

test('a visitor sees no buttons and cannot send forms', async ({ farm, page }) => {
  await farm.wireHost('visited-1', ['riscv64'])
  const build = await farm.push('# for a visitor\n')
  await page.goto(`/builds/${build.id}`)
  await expect(page.getByText('administrator')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Sign out' })).toHaveCount(0)
  const refused = await page.request.post(`/builds/${build.id}/cancel`, { form: {} })
  expect(refused.status()).toBe(401)
  expect(await refused.text()).toContain('./farm admin')
  await page.goto('/hosts/new')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Only administrators can invite hosts')
})

test('the farm refuses a form with the token of another session', async ({ farm, page, signIn }) => {
  const build = await farm.push('# with a wrong token\n')
  await signIn(page)
  const refused = await page.request.post(`/builds/${build.id}/cancel`, { form: { _csrf: 'x'.repeat(43) } })
  expect(refused.status()).toBe(403)
})

test('an administrator triggers a build and cancels its jobs', async ({ farm, page, signIn }) => {
  await farm.wireHost('cancelled-1', ['ia64'])
  const commit = farm.repository('sample').commit({ 'job.sh': '# by a button\n' })
  await signIn(page)
  await page.goto('/projects/sample')
  await page.getByLabel('Branch, tag or commit').fill(commit)
  await page.getByRole('button', { name: 'Start build' }).click()
  await expect(page).toHaveURL(/\/builds\/\d+$/)
  await expect(page.getByText(commit).first()).toBeVisible() // the list of sources also shows the commit
  const box = page.getByRole('row', { name: /cancelled-1/ }).first() // the next row is the job in the table of jobs
  await expect(box).toContainText('queued')
  await page.getByRole('button', { name: 'Cancel unfinished jobs' }).click()
  await expect(box).toContainText('ia64: cancelled')
})

test('the farm builds a commit again only if an administrator chooses this', async ({ farm, page, signIn }) => {
  const commit = farm.repository('sample').commit({ 'job.sh': '# built twice\n' })
  await signIn(page)
  const build = async () => {
    await page.goto('/projects/sample')
    await page.getByLabel('Branch, tag or commit').fill(commit)
    await page.getByRole('button', { name: 'Start build' }).click()
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

test('on the page of a build, an administrator builds the commit again with the new steps of the recipe', async ({
  farm,
  page,
  signIn,
}) => {
  await farm.wireHost('fixed-1', ['m68k'])
  await farm.project('fixed', { steps: [{ build: 'exit 1' }], hosts: ['fixed-*'] })
  const build = await farm.push('# with another recipe\n', 'fixed')
  await farm.project('fixed', { steps: [{ build: 'make check' }], hosts: ['fixed-*'] })
  await signIn(page)
  await page.goto(`/builds/${build.id}`)
  await page.getByRole('button', { name: 'Build this commit again with the current recipe' }).click()
  await expect(page).not.toHaveURL(new RegExp(`/builds/${build.id}$`))
  await expect(page).toHaveURL(/\/builds\/\d+$/)
  await expect(page.getByText(build.commit).first()).toBeVisible()
  await page
    .getByRole('row', { name: /fixed-1/ })
    .getByRole('link', { name: 'queued', exact: true })
    .click()
  await expect(page.locator('main')).toContainText('make check')
})

test('after a trigger of an unknown commit, the page shows the message of git', async ({ page, signIn }) => {
  await signIn(page)
  await page.goto('/projects/sample')
  await page.getByLabel('Branch, tag or commit').fill('no-such-branch')
  await page.getByRole('button', { name: 'Start build' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('sample was not built')
  await expect(page.locator('main')).toContainText('no-such-branch')
})

test('an administrator cancels a running job and runs it again', async ({ farm, page, signIn }) => {
  const host = await farm.wireHost('retried-1', ['hppa'])
  const { offer, path } = await startJob(farm, host)
  await host.progress(offer, '')
  await signIn(page)
  await page.goto(path)
  await page.getByRole('button', { name: 'Cancel job' }).click()
  await expect(page.locator('#state')).toContainText('The host was asked to cancel this job')
  await host.finish(offer, '', { reason: 'cancelled', steps: [] })
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Cancelled')
  await page.getByRole('button', { name: 'Run again' }).click()
  await expect(page.locator('main')).toContainText('1 job would run again on 1 host:')
  await expect(page.getByRole('listitem').filter({ hasText: 'retried-1: 1 job' })).toBeVisible()
  await page.getByRole('button', { name: 'Run 1 job again' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Queued')
  await expect(page.getByRole('link', { name: '1 cancelled' })).toBeVisible()
})

test('an administrator runs the failed jobs of a build again, after a page that counts the jobs of each host', async ({
  farm,
  page,
  signIn,
}) => {
  await farm.wireHost('rerun-1', ['m68k', 'sh3'])
  await farm.project('rerun', { steps: [{ build: 'exit 1' }], hosts: ['rerun-*'] })
  const { id } = await farm.push('# a build that runs again\n', 'rerun')
  await farm.sql(`WITH open AS (DELETE FROM "OpenAttempt" WHERE "jobId" IN (SELECT "id" FROM "Job" WHERE "buildId" = ${id}) RETURNING *)
    INSERT INTO "FinishedAttempt" ("jobId", "number", "hostId", "projectName", "buildId", "queuedAt", "leasedAt", "verdict", "finishedAt")
    SELECT "jobId", "number", "hostId", "projectName", "buildId", "queuedAt", "leasedAt", 'failed', now() FROM open`)
  await farm.sql(`UPDATE "Job" SET "status" = 'failed' WHERE "buildId" = ${id}`)
  await page.goto(`/builds/${id}/retry?which=failed`)
  await expect(page.locator('main')).toContainText('Only an administrator can run jobs again.')
  await signIn(page)
  await page.goto(`/builds/${id}`)
  await page.getByRole('button', { name: 'Run 2 failed jobs again' }).click()
  await expect(page.locator('main')).toContainText('2 jobs would run again on 1 host:')
  await expect(page.getByRole('listitem').filter({ hasText: 'rerun-1: 2 jobs' })).toBeVisible()
  await page.getByRole('button', { name: 'Run 2 jobs again' }).click()
  await expect(page).toHaveURL(new RegExp(`/builds/${id}$`))
  await expect(page.locator('.totals')).toContainText('2 queued')
  await page.goto('/lost')
  await expect(page.locator('main')).toContainText('No job would run again.')
})

test('an invitation shows one command that makes a machine a host, and a button copies the command', async ({
  farm,
  page,
  signIn,
}) => {
  await signIn(page)
  await page.goto('/hosts')
  await page.getByRole('link', { name: 'Invite a host' }).click()
  await page.getByLabel('Host name').fill('no name!')
  await page.getByRole('button', { name: 'Create invitation' }).click()
  await expect(page.getByText('The name must be 1 to 63 letters')).toBeVisible()
  await page.getByLabel('Host name').fill('invited-1')
  await page.getByRole('button', { name: 'Create invitation' }).click()
  const line = await page.locator('pre.command').first().textContent()
  expect(line).toMatch(new RegExp(`^curl -fsS ${farm.url}/agent.sh \\| sh -s -- enroll rfi-[A-Za-z0-9_-]+$`))
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: 'Copy command' }).click()
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(line)
})

test('an invitation shows how to read the script before it runs, and the SHA-256 of the file that the farm serves', async ({
  farm,
  page,
  signIn,
}) => {
  await signIn(page)
  await page.goto('/hosts/new')
  await page.getByLabel('Host name').fill('invited-2')
  await page.getByRole('button', { name: 'Create invitation' }).click()
  const served = await (await page.request.get('/agent.sh')).body()
  const sum = createHash('sha256').update(served).digest('hex')
  const commands = (await page.locator('#commands').textContent())?.trim().split('\n')
  expect(commands).toEqual([
    `curl -fsSo agent.sh ${farm.url}/agent.sh`,
    `echo "${sum}  agent.sh" | sha256sum -c`,
    'less agent.sh',
    expect.stringMatching(/^sh agent.sh enroll rfi-[A-Za-z0-9_-]+$/),
  ])
  expect(served.toString()).toMatch(/^# end of agent.sh$/m)
})

test('an administrator pauses, resumes and removes a host', async ({ farm, page, signIn }) => {
  await farm.wireHost('paused-1', ['armv7'])
  await signIn(page)
  await page.goto('/hosts/paused-1')
  await page.getByRole('button', { name: /^Pause/ }).click()
  await expect(page.locator('main')).toContainText('An administrator paused this host')
  await page.getByRole('button', { name: /^Resume/ }).click()
  await expect(page.getByRole('button', { name: /^Pause/ })).toBeVisible()
  await page.getByText('Remove this host').click()
  await page.getByRole('button', { name: 'Remove paused-1' }).click()
  await expect(page).toHaveURL(/\/hosts$/)
  await expect(page.getByRole('rowheader', { name: 'paused-1' })).toHaveCount(0)
})

test('an administrator sets and removes an owner’s webhook on the page of the host, and no page shows the path of the webhook', async ({
  farm,
  page,
  signIn,
}) => {
  await farm.wireHost('alerted-1', ['sh4'])
  await signIn(page)
  await page.goto('/hosts/alerted-1')
  await page.getByText('Set up an alert for when this host goes silent').click()
  await page.getByLabel(/^Webhook address/).fill('https://me:secret@alerts.example.org/')
  await page.getByRole('button', { name: 'Save alert' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('The alert was not saved')
  await page.goto('/hosts/alerted-1')
  await page.getByText('Set up an alert for when this host goes silent').click()
  await page.getByLabel(/^Webhook address/).fill('https://alerts.example.org/path-of-it')
  await page.getByRole('button', { name: 'Save alert' }).click()
  await expect(page.locator('pre.command')).toHaveText(/^whsec_[A-Za-z0-9+/]{43}=$/)
  await page.getByRole('link', { name: 'Back to alerted-1' }).click()
  await expect(page.locator('main')).toContainText('Alerts go to https://alerts.example.org. No alert was sent yet.')
  expect(await page.content()).not.toContain('path-of-it')
  await page.getByRole('button', { name: 'Turn alerts off' }).click()
  await expect(page.getByText('Set up an alert for when this host goes silent')).toBeVisible()
})

test('an administrator who signs out is a visitor again', async ({ page, signIn }) => {
  await signIn(page)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByText('administrator')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Sign out' })).toHaveCount(0)
})
