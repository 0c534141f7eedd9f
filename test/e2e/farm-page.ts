/// <reference lib="dom" />
// A real server with hosts that say what the test wants, and a browser that looks at it.
import { test as base, expect, type Page } from '@playwright/test'
import { TestFarm } from '../support/farm-fixture.ts'
import type { WireHost, WireOffer } from '../support/wire-host.ts'

export { expect }

interface Looking {
  /** Makes the browser an administrator's. */
  signIn: (page: Page) => Promise<void>
  /** Fails the test when a page broke its own rules: a script's error, or something the content policy forbids. */
  quiet: undefined
}

const project = {
  steps: [{ configure: 'true' }, { build: 'true' }, { tests: `true ${'a-long-argument '.repeat(20)}` }],
  artifacts: ['*.tar.gz'],
}

/** `settings`: of the server's environment. */
export const test = base.extend<Looking, { farm: TestFarm; settings: Record<string, string> }>({
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
  quiet: [
    async ({ page }, use) => {
      const complaints: string[] = []
      page.on('pageerror', error => complaints.push(error.message))
      page.on('console', message => {
        // A server that is away is said so by the browser, and is no fault of the page.
        if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE/.test(message.text()))
          complaints.push(message.text())
      })
      await use(undefined)
      expect(complaints).toEqual([])
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

/** A build that this host has taken; it is the only one that builds `sample` for its arch. */
export async function startJob(farm: TestFarm, host: WireHost): Promise<RunningJob> {
  const number = (claims.get(host) ?? 0) + 1
  claims.set(host, number)
  await farm.push(`# ${++commits}\n`)
  const offer = await host.job(number)
  return { host, offer, path: `/jobs/${offer.attempt.split('.')[0]}` }
}

/** Something that a reload of the page would lose. */
export async function markPage(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => document.body.setAttribute('data-marked', 'yes'))
  return () => expect(page.locator('body')).toHaveAttribute('data-marked', 'yes')
}

/** Whether the page itself would have to be moved sideways. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

export const ended = (exits: number[], logBytes: number) => exits.map(exit => ({ exit, milliseconds: 1200, logBytes }))
