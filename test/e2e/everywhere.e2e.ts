/// <reference lib="dom" />
// Every page must work with a screen reader, on a telephone, in dark mode, and without JavaScript.
import type { Page } from '@playwright/test'
import { HtmlValidate } from 'html-validate'
import type { TestFarm } from '../support/farm-fixture.ts'
import { violations } from './axe.ts'
import { ended, expect, overflow, startJob, test, testedJob } from './farm-page.ts'

interface Pages {
  job: string
  running: string
  /** The path of each kind of page. */
  all: string[]
  /** Sends a message of the running job, because the farm gives up a job whose host is silent for minutes. */
  renew(): Promise<unknown>
}

let known: Pages | undefined

/** Makes a failed job, a running job and a build without sources, once for all tests. */
async function pagesOf(farm: TestFarm): Promise<Pages> {
  if (known) {
    await known.renew()
    return known
  }
  const host = await farm.wireHost('everywhere-1', ['amd64', 'i386'])
  const { offer, path: job } = await startJob(farm, host)
  const configured = 'configuring\n'
  const log = `${configured}one\n\ntwo\n${'compile a file with a long name '.repeat(20)}\n\u001b[1;31merror:\u001b[0m it does not\n`
  await host.progress(offer, log, { steps: ended([0], configured.length) })
  await host.finish(offer, log, { steps: [...ended([0], configured.length), ...ended([2], log.length)] })
  const other = await host.job(2, { slot: 2 })
  const output = 'still at it\n'
  await host.progress(other, output)
  const running = `/jobs/${numberOf(other)}`
  const build = `/builds/${(await farm.job(numberOf(offer)).view()).buildId}`
  const broken = `/builds/${(await farm.trigger('1'.repeat(40), 'gone')).id}`
  const tested = await testedJob(farm)
  const tests = [`${tested.job}/tests`, `${tested.build}/tests`, '/projects/sample/tests', tested.history]
  const forEverybody = [
    '/',
    '/?project=sample',
    '/?view=detailed',
    '/?trouble=1',
    '/cells/everywhere-1/amd64',
    '/queue',
    '/builds',
    '/hosts',
    '/subscriptions',
    '/subscriptions/requested',
    '/bisections',
    '/bisections/new',
    await bisection(farm, numberOf(offer)),
    '/deliveries',
    await delivery(farm),
    '/nowhere',
    '/login/nothing',
    '/embed/matrix?project=sample',
    '/api/v1/docs',
  ]
  const all = [
    ...forEverybody,
    '/projects/sample',
    '/projects/sample/cells/everywhere-1/amd64/default',
    '/projects/sample/commits',
    '/projects/sample/last-good',
    '/projects/sample/webhooks',
    '/hosts/everywhere-1',
    '/hosts/new',
    '/notifications',
    '/retention?project=sample',
    '/approvals',
    '/projects/sample/pull-requests',
    '/projects/sample/pull-requests?state=all',
    await pullRequest(farm, build),
    build,
    broken,
    job,
    running,
    `${job}?find=error&times=1`,
    `${build}/retry?which=all`,
    '/lost',
    `${job}/compare?with=${tested.job.split('/').at(-1)}`,
    ...tests,
  ]
  known = { job, running, all, renew: () => host.progress(other, '', { offset: output.length }) }
  return known
}

/** Writes an ended bisection with a skipped commit, and returns the path of its page. */
async function bisection(farm: TestFarm, jobId: number): Promise<string> {
  const [row] = await farm.sql<{ id: number }>(
    `INSERT INTO "Bisection" ("projectName", "branch", "hostId", "arch", "variant", "goodCommit", "badCommit", "badJobId", "verdict",
       "failedStep", "startedBy", "ruleVersion", "noiseRuns", "noiseFailed", "budgetSeconds", "pauseSeconds", "runsMax", "state",
       "outcome", "words", "low", "high", "createdAt", "finishedAt")
     SELECT 'sample', 'main', "hostId", "arch", "variant", repeat('a', 40), repeat('c', 40), "id", 'failed', 'build', 'farm', 1, 9, 0,
       3600, 0, 12, 'finished', 'confirmed', 'First bad commit: cccccccccc (A. Author).', 1, 2, now(), now()
       FROM "Job" WHERE "id" = ${jobId} RETURNING "id"`,
  )
  const id = row?.id ?? 0
  await farm.sql(
    `INSERT INTO "BisectionCommit" ("bisectionId", "position", "commit", "author", "subject", "weight", "doubt")
     VALUES (${id}, 1, repeat('b', 40), 'A. Author', 'A long subject of a commit that needs two lines', 0.1, 'documentation'),
            (${id}, 2, repeat('c', 40), 'A. Author', 'The bad change', 4, NULL)`,
  )
  await farm.sql(
    `INSERT INTO "Probe" ("bisectionId", "number", "position", "cell", "hostId", "purpose", "jobId", "attempt", "verdict", "costMs",
       "reason", "createdAt", "endedAt")
     SELECT ${id}, n, n - 1, 0, "hostId", 'search', "id", n, (ARRAY['good', 'other', 'bad'])[n], 61000, 'it ended', now(), now()
       FROM "Job", generate_series(1, 3) n WHERE "id" = ${jobId}`,
  )
  return `/bisections/${id}`
}

/** Writes a pull request from a fork that waits for an approval, with a build of its first commit. */
async function pullRequest(farm: TestFarm, build: string): Promise<string> {
  const id = Number(build.split('/').at(-1))
  const [row] = await farm.sql<{ id: number }>(
    `INSERT INTO "PullRequest" ("projectName", "number", "title", "author", "baseBranch", "headBranch", "headCommit", "headUrls", "fork",
       "url", "headRef", "mergeRef", "state", "openedAt", "changedAt")
     VALUES ('sample', 7, 'A title of a pull request that is so long that it needs two lines on most screens', 'eve', 'main', 'topic',
       repeat('b', 40), '{}', true, 'https://forge.example/sample/pull/7', 'refs/pull/7/head', NULL, 'open', now(), now()) RETURNING "id"`,
  )
  await farm.sql(
    `INSERT INTO "PullRequestCommit" ("pullRequestId", "commit", "seenAt", "fork", "approval", "decidedAt", "decidedBy", "ended", "endedAt")
     VALUES (${row?.id}, repeat('a', 40), now(), true, 'approved', now(), 'admin', 'superseded', now()),
            (${row?.id}, repeat('b', 40), now(), true, 'waiting', NULL, NULL, NULL, NULL)`,
  )
  await farm.sql(
    `INSERT INTO "Build" ("projectName", "commit", "reason", "createdAt", "kind", "pullRequestId", "fork", "sources", "sourcesInfo")
     SELECT 'sample', repeat(letter, 40), 'pull-request ${row?.id}', now(), 'pull-request', ${row?.id}, true, "sources", "sourcesInfo"
       FROM "Build", unnest(ARRAY['a', 'b']) letter WHERE "id" = ${id}`,
  )
  return '/projects/sample/pull-requests/7'
}

/** Writes a webhook that waits for its next try, and returns the path of its page. */
async function delivery(farm: TestFarm): Promise<string> {
  const result = {
    project: 'sample',
    ref: 'refs/heads/main',
    outcome: 'retrying',
    why: 'no answer',
    commit: null,
    buildId: null,
  }
  const [row] = await farm.sql<{ id: number }>(
    `INSERT INTO "Delivery" ("sender", "deliveryId", "event", "receivedAt", "headers", "body", "bodyBytes", "content", "projects", "outcome",
       "reason", "results", "state", "since", "nextAt")
     VALUES ('github', 'everywhere', 'push of main', now(), '{"x-github-event": "push"}', '{"ref": "refs/heads/main"}', 26,
       '{"kind": "ping"}', '{sample}', 'retrying', 'sample: no answer', '${JSON.stringify([{ ...result, created: false }])}', 'pending',
       now(), now() + interval '1 day') RETURNING "id"`,
  )
  return `/deliveries/${row?.id ?? 0}`
}

/** The tables that people must read on a phone, and that do not fit into its width. */
const cutTables = (): string[] =>
  [...document.querySelectorAll('.requests, .deliveries, .queue, .schedules')]
    .filter(({ parentElement: frame }) => frame !== null && frame.scrollWidth > frame.clientWidth)
    .map(({ className }) => className)

const numberOf = ({ attempt }: { attempt: string }) => Number(attempt.split('.')[0])

// One test checks five properties of each page, because this saves four page loads for each page.
test('every page works with a screen reader, in light and dark mode, at 320 pixels, and with the keyboard', async ({
  farm,
  page,
}) => {
  test.setTimeout(600_000) // axe needed 235 s for 29 pages on a machine with a load of 12
  const { width = 1280, height = 720 } = page.viewportSize() ?? {}
  for (const path of (await pagesOf(farm)).all) {
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(path)
    expect.soft(await violations(page), `${path}: WCAG, light`).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect.soft(await violations(page, 'color-contrast'), `${path}: contrast, dark`).toEqual([])
    await page.setViewportSize({ width: 320, height: 800 })
    expect.soft(await overflow(page), `${path}: the page scrolls sideways at 320 pixels`).toBe(0)
    expect.soft(await page.evaluate(cutTables), `${path}: these tables are cut at 320 pixels`).toEqual([])
    expect.soft(await unreachable(page), `${path}: an area that only a mouse can scroll`).toEqual([])
    expect.soft(await violations(page, 'target-size'), `${path}: target size at 320 pixels`).toEqual([])
    await page.setViewportSize({ width, height })
  }
})

/** Areas that scroll but have no name, or that the keyboard cannot scroll. */
const unreachable = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const scrolls = ({ scrollWidth, clientWidth, scrollHeight, clientHeight }: Element, style: CSSStyleDeclaration) =>
      (scrollWidth > clientWidth && /auto|scroll/.test(style.overflowX)) ||
      (scrollHeight > clientHeight && /auto|scroll/.test(style.overflowY))
    return [...document.querySelectorAll<HTMLElement>('body *')]
      .filter(element => scrolls(element, getComputedStyle(element)))
      .filter(element => element.tabIndex < 0 || !element.ariaLabel)
      .map(element => element.outerHTML.slice(0, 100))
  })

const validator = new HtmlValidate({ root: true, extends: ['html-validate:standard'] })

async function faults(html: string): Promise<string[]> {
  const { results } = await validator.validateString(html)
  const found = results.flatMap(({ messages }) =>
    messages.map(message => `${message.line} ${message.ruleId}: ${message.message}`),
  )
  const times = html.match(/<time\b[^>]*>/g) ?? []
  const vague = times.filter(time => !/\bdatetime="?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/.test(time))
  return [...found, ...vague.map(time => `no machine-readable date: ${time}`)]
}

test('every page is valid HTML with machine-readable times', async ({ farm, page, signIn }) => {
  const { all } = await pagesOf(farm)
  const missing = ['/nowhere', '/hosts/new', '/notifications', '/retention?project=sample'] // the last three: only administrators
  const html = async (path: string) => {
    const answer = await page.request.get(path)
    // Else, for a wrong address, the tests would only check the page "not found" once more.
    if (!missing.includes(path)) expect.soft(answer.status(), path).not.toBe(404)
    return answer.text()
  }
  for (const path of all) expect.soft(await faults(await html(path)), path).toEqual([])
  await signIn(page)
  for (const path of all) expect.soft(await faults(await html(path)), `${path}, as an administrator`).toEqual([])
})

test('the pages of an administrator are accessible and valid HTML', async ({ farm, page, signIn }) => {
  test.slow()
  const { job } = await pagesOf(farm)
  const check = async () => {
    expect.soft(await violations(page), page.url()).toEqual([])
    expect.soft(await faults(await page.content()), page.url()).toEqual([])
  }
  await signIn(page)
  const cell = '/projects/sample/cells/everywhere-1/amd64/default'
  for (const path of ['/hosts/everywhere-1', '/projects/sample', cell, job, '/hosts/new']) {
    await page.goto(path)
    await check()
  }
  await page.getByLabel('Host name').fill('no name!')
  await page.getByRole('button', { name: 'Create invitation' }).click()
  await check()
  await page.getByLabel('Host name').fill('everywhere-2')
  await page.getByRole('button', { name: 'Create invitation' }).click()
  await expect(page.getByRole('button', { name: 'Copy command' })).toBeVisible()
  await check()
})

test('a host name of 40 characters stays inside its column, and a tooltip shows the complete name of the host', async ({
  farm,
  page,
}) => {
  const name = 'a-host-whose-name-has-forty-characters-x'
  const host = await farm.wireHost(name, ['hppa'])
  await host.finish((await startJob(farm, host)).offer, '')
  await page.goto('/?view=detailed')
  const build = await page.locator('tr', { hasText: name }).getByRole('link', { name: /^#/ }).getAttribute('href')
  for (const path of ['/', '/?view=detailed', '/hosts', build ?? '']) {
    await page.goto(path)
    const link = page.locator('main').getByRole('link', { name }).first()
    await expect(link).toHaveAttribute('title', name)
    const beyond = (element: HTMLElement) =>
      element.getBoundingClientRect().right - (element.closest('th')?.getBoundingClientRect().right ?? 0)
    expect.soft(await link.evaluate(beyond), path).toBeLessThanOrEqual(0)
  }
})

test('dark mode has a dark background', async ({ page }) => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.goto('/')
  expect(brightness(await background())).toBeGreaterThan(230)
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(brightness(await background())).toBeLessThan(40)
})

const brightness = (colour: string): number => Math.max(...(colour.match(/\d+/g) ?? []).map(Number))

test('a wide matrix scrolls in its own frame, also with the keyboard', async ({ farm, page }) => {
  await farm.wireHost(
    'wide-1',
    Array.from({ length: 20 }, (_, index) => `arch${index}`),
  )
  await page.setViewportSize({ width: 900, height: 700 })
  await page.goto('/')
  const frame = page.getByRole('region', { name: 'Results by host and architecture' })
  // Presses the key again if the page replaced the frame while the frame began to scroll.
  const pressAndRead = async () => {
    await frame.press('ArrowRight')
    return frame.evaluate(element => element.scrollLeft)
  }
  await expect.poll(pressAndRead).toBeGreaterThan(0)
  expect(await overflow(page)).toBe(0)
})

test.describe('pages without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('every page is complete, and a page that can change reloads itself', async ({ farm, page }) => {
    const { job, running } = await pagesOf(farm)
    await page.goto('/')
    await expect(page.getByRole('row', { name: /everywhere-1/ })).toContainText(/failed for .* at build/)
    await page.goto(job)
    await expect(page.locator('#L6')).toContainText('it does not')
    await page.getByRole('rowheader', { name: 'configure' }).getByRole('link').click()
    await expect(page.getByText('configuring')).toBeVisible()
    await page.goto(running)
    await expect(page.locator('#L1')).toContainText('still at it')
    expect(await page.content()).toContain('http-equiv="refresh"')
  })

  test('an administrator can use every form', async ({ farm, page, signIn }) => {
    await farm.wireHost('plain-1', ['sparc64'])
    await signIn(page)
    await page.goto('/hosts/plain-1')
    await page.getByRole('button', { name: /^Pause/ }).click()
    await expect(page.locator('main')).toContainText('paused')
    await page.getByRole('button', { name: /^Resume/ }).click()
    await expect(page.getByRole('button', { name: /^Pause/ })).toBeVisible()
  })
})

test('a page loads nothing from other servers, and inline scripts do not run', async ({ farm, page }) => {
  const asked: string[] = []
  page.on('request', request => asked.push(new URL(request.url()).origin))
  for (const path of (await pagesOf(farm)).all) {
    const answer = await page.goto(path)
    expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'")
    expect(answer?.headers()['content-security-policy']).not.toContain('unsafe')
  }
  expect([...new Set(asked)]).toEqual([farm.url])
})
