// Tests with real servers, a real agent and a server that answers as GitHub: from a webhook to the status of the commit.
import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { scriptProject, type TestFarm, type WrittenProject } from '../support/farm-fixture.ts'
import { farmTest } from '../support/farm-test.ts'
import { pageText } from '../support/patient-api.ts'
import { StatusForge } from '../support/status-forge.ts'
import { eventually } from '../support/waiting.ts'

const webhookKey = Buffer.alloc(32, 7)
const environment = {
  PUBLIC_URL: 'https://farm.example.org',
  WEBHOOK_SECRET: `whsec_${webhookKey.toString('base64')}`,
  NOTIFY_PRIVATE: 'true',
  STATUS_GITHUB: 'ghp_0123456789abcdef',
}

const withForge = (act: (farm: TestFarm, forge: StatusForge) => Promise<void>) => async (farm: TestFarm) => {
  const forge = await StatusForge.open('github')
  await act(farm, forge).finally(() => forge.close())
}

const projectOn = (forge: StatusForge, token = '$STATUS_GITHUB'): WrittenProject =>
  scriptProject({ confirm: 0, status: [{ forge: 'github', api: forge.api, repository: forge.repository, token }] })

/** Sends a signed webhook, as a forge does after a push. Returns the commit. */
async function pushByWebhook(farm: TestFarm, project: string, id: string): Promise<string> {
  const commit = farm.repository(project).commit({ 'job.sh': 'echo hello' })
  const body = JSON.stringify({ project, commit, branch: 'main' })
  const at = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', webhookKey).update(`${id}.${at}.${body}`).digest('base64')
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': at,
    'webhook-signature': `v1,${signature}`,
  }
  const answer = await fetch(`${farm.url}/webhooks/generic`, { method: 'POST', headers, body })
  expect([answer.status, await answer.text()]).toMatchObject([
    expect.toSatisfy((status: number) => status < 300),
    expect.any(String),
  ])
  return commit
}

interface StatusAnswer {
  state: string
  sent: boolean
  gaveUpAt: string | null
  problem: string | null
}
const statuses = async (farm: TestFarm, project: string) =>
  (await farm.api().get<{ items: StatusAnswer[] }>(`/api/v1/projects/${project}/statuses`)).items

farmTest(
  'after a webhook, the forge shows pending and then success, with the address of the build',
  { queues: 'redis', environment },
  withForge(async (farm, forge) => {
    await farm.project('named', projectOn(forge))
    await farm.another()
    const host = await farm.wireHost('vax')
    const commit = await pushByWebhook(farm, 'named', 'd1')
    await forge.untilShown(1)
    await host.runs(1)
    const shown = await forge.untilShown(2)
    const same = { commit, context: 'rumpfarm/named', url: 'https://farm.example.org/builds/1' }
    expect(shown).toEqual([
      { ...same, state: 'pending', description: 'Build 1 has 1 job' },
      { ...same, state: 'success', description: 'The job passed' },
    ])
    expect(forge.asked[0]?.headers).toMatchObject({ 'user-agent': 'rumpfarm', authorization: `Bearer ${forge.token}` })
    expect(await pageText(`${farm.url}/projects/named`)).toContain('success: The job passed')
    expect(farm.server.lines.join('\n')).not.toContain(forge.token)
  }),
)

farmTest(
  'the farm waits for the end of a rate limit, and a kill of the server loses no status',
  { queues: 'postgres', environment },
  withForge(async (farm, forge) => {
    await farm.project('named', projectOn(forge))
    const host = await farm.wireHost('vax')
    const limited = {
      message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    }
    forge.next.push({ status: 403, headers: { 'retry-after': '4' }, body: limited })
    const build = await farm.push('', 'named')
    const [refused] = await eventually('the refusal on the page', async () => {
      const found = await statuses(farm, 'named')
      return found[0]?.problem ? found : undefined
    })
    expect(refused).toMatchObject({
      state: 'pending',
      sent: false,
      gaveUpAt: null,
      problem: expect.stringContaining('rate limit'),
    })
    await host.runs(1)
    await farm.kill9()
    const before = Date.now()
    await farm.start()
    await forge.untilShown(1)
    expect(forge.states).toEqual(['success'])
    expect(forge.asked).toHaveLength(2)
    expect(Date.now() - before).toBeLessThan(60_000)
    expect((await build.view()).jobs).toMatchObject([{ verdict: 'passed' }])
  }),
)

farmTest(
  'the page of a project says why a forge refuses, and a person can send the statuses again',
  { queues: 'postgres', environment },
  withForge(async (farm, forge) => {
    await farm.project('named', projectOn(forge, '$STATUS_MISSING'))
    const host = await farm.wireHost('vax')
    await farm.push('', 'named')
    await host.runs(1)
    const gaveUp = () =>
      eventually('the farm to give up', async () => {
        const [newest] = await statuses(farm, 'named')
        return newest?.state === 'success' && newest.gaveUpAt !== null ? newest : undefined
      })
    expect((await gaveUp()).problem).toBe('STATUS_MISSING is not set in the environment of the server')
    const page = await pageText(`${farm.url}/projects/named`)
    expect(page).toContain('STATUS_MISSING is not set in the environment of the server')
    expect(page).not.toContain('Send these statuses again')
    await farm.project('named', projectOn(forge))
    forge.next.push({ status: 401, body: { message: 'Bad credentials' } })
    const retry = () => farm.api().post<{ retried: number }>('/api/v1/projects/named/statuses/retry', {})
    expect(await retry()).toEqual({ retried: 1 })
    await eventually(
      'the answer 401',
      async () => (await gaveUp()).problem?.includes('401: Bad credentials') || undefined,
    )
    await retry()
    await forge.untilShown(1)
    expect(forge.states).toEqual(['success'])
  }),
)
