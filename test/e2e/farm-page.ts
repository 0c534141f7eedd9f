/// <reference lib="dom" />
// A real server with simulated hosts, and a browser that shows its pages.
import { test as base, expect, type Page } from '@playwright/test'
import { TestFarm } from '../support/farm-fixture.ts'
import { eventually } from '../support/waiting.ts'
import type { WireHost, WireOffer } from '../support/wire-host.ts'

export { expect }

interface BrowserFixtures {
  /** Signs the browser in as an administrator. */
  signIn: (page: Page) => Promise<void>
  /** Fails the test after a script error or a violation of the content security policy. */
  noErrors: undefined
}

const project = {
  steps: [{ configure: 'true' }, { build: 'true' }, { tests: `true ${'a-long-argument '.repeat(20)}` }],
  artifacts: ['*.tar.gz'],
  results: [{ step: 'tests', pattern: '^(?<name>\\w+): (?<result>ok|failed)$' }],
}

/** `settings`: environment variables of the server. */
export const test = base.extend<BrowserFixtures, { farm: TestFarm; settings: Record<string, string> }>({
  settings: [{}, { option: true, scope: 'worker' }],
  farm: [
    async ({ settings }, use) => {
      const farm = await TestFarm.open({
        queues: 'postgres',
        environment: settings,
        projects: {
          sample: project,
          other: { ...project, hosts: ['other-*'] },
          gone: { ...project, hosts: ['other-*'], repository: './nowhere' },
        },
      })
      await use(farm)
      await farm.close()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  baseURL: ({ farm }, use) => use(farm.url),
  signIn: ({ farm }, use) =>
    use(async page => {
      const { url } = await farm.api().post<{ url: string }>('/api/v1/login-links')
      await page.goto(url)
      await page.getByRole('button', { name: 'Sign in' }).click()
    }),
  noErrors: [
    async ({ page }, use) => {
      const errors: string[] = []
      page.on('pageerror', error => errors.push(error.message))
      page.on('console', message => {
        // The browser reports a stopped server as an error, but the page has no error.
        if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE/.test(message.text()))
          errors.push(message.text())
      })
      await use(undefined)
      expect(errors).toEqual([])
    },
    { auto: true },
  ],
})

export interface RunningJob {
  host: WireHost
  offer: WireOffer
  path: string
}

let commits = 0
const claims = new Map<WireHost, number>()

/** A build that this host has claimed. No other host builds `sample` for the arch of this host. */
export async function startJob(farm: TestFarm, host: WireHost): Promise<RunningJob> {
  const number = (claims.get(host) ?? 0) + 1
  claims.set(host, number)
  await farm.push(`# ${++commits}\n`)
  const offer = await host.job(number)
  return { host, offer, path: `/jobs/${offer.attempt.split('.')[0]}` }
}

let testers = 0

/** A job with a passed and a failed test. Returns the paths of the job, of its build and of the failed test. */
export async function testedJob(farm: TestFarm): Promise<{ job: string; build: string; history: string }> {
  const host = await farm.wireHost(`tester-${++testers}`, [`mips-${testers}`])
  const { offer, path } = await startJob(farm, host)
  const log = 'reads: ok\nexpected 1 byte, found 0\nwrites: failed\n'
  await host.progress(offer, log, { steps: ended([0, 0], 0) })
  await host.finish(offer, log, { steps: [...ended([0, 0], 0), ...ended([1], log.length)] })
  const id = Number(path.split('/').at(-1))
  const { buildId } = await farm.job(id).view()
  const found = await eventually(`the tests of job ${id}`, async () => {
    const { items } = await farm.api().get<{ items: { testId: number }[] }>(`/api/v1/jobs/${id}/tests?outcome=failed`)
    return items[0]
  })
  return { job: path, build: `/builds/${buildId}`, history: `/projects/sample/tests/${found.testId}` }
}

/** Marks the page, and returns a function that checks the mark. A reload removes the mark. */
export async function markPage(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => document.body.setAttribute('data-marked', 'yes'))
  return () => expect(page.locator('body')).toHaveAttribute('data-marked', 'yes')
}

/** The number of pixels by which the page is wider than the window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

export const ended = (exits: number[], logBytes: number) => exits.map(exit => ({ exit, milliseconds: 1200, logBytes }))
