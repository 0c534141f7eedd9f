// Follows the steps of the page "Webhooks of a project", with a real server, a real host and a forge that works as Gitea.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { scriptProject, type TestFarm } from '../support/farm-fixture.ts'
import { farmTest } from '../support/farm-test.ts'
import { Gitea } from '../support/gitea.ts'
import { eventually } from '../support/waiting.ts'

/** What the page says about Gitea. */
async function readSteps(farm: TestFarm, project: string) {
  const page = await (await fetch(`${farm.url}/projects/${project}/webhooks`)).text()
  const [, section = ''] = /<summary>Gitea<\/summary>(.*?)<\/details>/s.exec(page) ?? []
  const text = section.replaceAll(/<[^>]*>/g, '').replaceAll('&quot;', '"')
  const [, address = ''] = /Set "Target URL" to (http\S+?)\.(?=[A-Z])/.exec(text) ?? []
  const [, secretFile = ''] = /Set "Secret" to the text in (\S+?)\.(?=[A-Z])/.exec(text) ?? []
  const [, selected = ''] = /choose "Custom Events…", and select (.*?)\.(?=[A-Z])/.exec(text) ?? []
  return { text, address, secretFile, events: [...selected.matchAll(/"(.*?)"/g)].map(([, event = '']) => event) }
}

/** The words of Gitea's page, and those of its API. */
const apiNames: Record<string, string> = {
  Push: 'push',
  Delete: 'delete',
  'Pull Request': 'pull_request',
  'Pull Request Synchronized': 'pull_request_sync',
}

interface Delivery {
  event: string
  outcome: string
  sender: string
}

farmTest(
  'the person who follows the steps for Gitea gets a build of the test delivery, of a push, and its commit status',
  {
    queues: 'postgres',
    environment: { NOTIFY_PRIVATE: 'true', STATUS_GITEA: '3064e6a3bb35015d20a7825b3d9374a0e06ab432' },
  },
  async farm => {
    const forge = await Gitea.open(join(farm.directory, 'forge'))
    try {
      const status = [{ forge: 'gitea', api: forge.api, token: '$STATUS_GITEA', repository: forge.repository }]
      const changes = { repository: forge.cloneUrl, 'pull-requests': {}, confirm: 0, status, poll: 'never' }
      const work = farm.repository('engine')
      const first = work.commit({ 'job.sh': 'echo hello' })
      await forge.push(work.directory, 'main')
      await farm.project('engine', scriptProject(changes))
      const host = await farm.wireHost('vax')

      const { text, address, secretFile, events } = await readSteps(farm, 'engine')
      expect(text).toContain('press "Add Webhook", and choose "Gitea"')
      expect(events).toEqual(['Push', 'Delete', 'Pull Request', 'Pull Request Synchronized'])
      const secret = readFileSync(join(farm.directory, secretFile), 'utf8').trim()
      const config = { url: address, content_type: 'json', secret }
      const hook = { type: 'gitea', config, events: events.map(event => apiNames[event]), active: true }
      expect((await forge.ask('/hooks', hook)).status).toBe(201)

      expect((await forge.ask('/hooks/1/tests')).status).toBe(204)
      expect(forge.deliveries).toMatchObject([{ event: 'push', status: 202 }])
      await forge.shown(first, 'pending')
      await host.runs(1)
      const shown = await forge.shown(first, 'success')
      expect(shown).toMatchObject({ context: 'rumpfarm/engine', description: 'The job passed' })

      const second = work.commit({ 'job.sh': 'exit 1' })
      await forge.push(work.directory, 'main', 'main:refs/heads/topic')
      await forge.shown(second, 'pending')
      await forge.push(work.directory, ':topic')
      const deliveries = await eventually('the deliveries', async () => {
        const { items } = await farm.api().get<{ items: Delivery[] }>('/api/v1/deliveries?project=engine')
        return items.length >= 3 && items.every(({ outcome }) => outcome !== 'waiting') ? items : undefined
      })
      expect(deliveries.map(({ sender, outcome }) => [sender, outcome])).toContainEqual(['gitea', 'built'])
      expect(deliveries.every(({ outcome }) => outcome !== 'refused' && outcome !== 'failed')).toBe(true)
    } finally {
      await forge.close()
    }
  },
)
