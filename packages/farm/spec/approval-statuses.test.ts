import type { ProjectStatus } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import type { PullRequestEvent } from '../src/index.ts'
import { commitOf, farmTest, project, type TestFarm } from './farm-test.ts'

const status: ProjectStatus[] = [
  { forge: 'github', api: 'https://api.github.com', repository: 'ada/sample', token: 'STATUS_GITHUB', perCell: false },
]
const forks = (fromForks: 'approve' | 'never') =>
  project({ status, pullRequests: { fromForks, hosts: ['*'], build: 'merge' } })

const event = (commit: string, changes: Partial<PullRequestEvent> = {}): PullRequestEvent => ({
  project: 'sample',
  action: 'opened',
  number: 7,
  title: 'Fix the parser',
  author: 'eve',
  head: { ref: 'topic', commit, urls: ['https://forge.example/eve/sample.git'] },
  base: { branch: 'main' },
  fork: true,
  url: null,
  headRef: 'refs/pull/7/head',
  mergeRef: null,
  ...changes,
})

/** Receives an event, and reads the commit as the task does. */
async function receive(farm: TestFarm, given: PullRequestEvent, fork = true) {
  await farm.pullRequests.receive(given)
  for (const id of await farm.pullRequests.listToExamine()) {
    const request = await farm.pullRequests.findToExamine(id)
    if (request) await farm.pullRequests.recordHead(request, { commit: given.head.commit ?? '', fork })
  }
}

/** Computes the statuses that changed, and sends them; the forge accepts each. */
async function send(farm: TestFarm): Promise<string[]> {
  const sent: string[] = []
  for (;;) {
    await farm.statuses.derive()
    const [due] = await farm.statuses.takeDue()
    if (!due) return sent.sort()
    await farm.statuses.markSent(due)
    const page = due.buildId === null ? `pull request ${due.pullRequest}` : `build ${due.buildId}`
    sent.push(`${due.commit[0]} ${due.state}: ${due.description} (${page})`)
    farm.wait(1)
  }
}

const [first, second] = [commitOf('a'), commitOf('b')]
const waits = 'pending: Waits for the approval of an administrator of the farm (pull request 7)'
const decision = (commit: string) => ({ project: 'sample', number: 7, commit, by: 'ada' })

farmTest('a commit that waits for an approval has a status, and its build replaces it', async ({ farm }) => {
  await farm.configure(forks('approve'))
  await farm.host('vax')
  await farm.sql(`UPDATE "Host" SET "rules" = '[{"verb": "allow-forks", "project": "*", "branches": []}]'`)
  await receive(farm, event(first))
  expect(farm.events.some(({ kind }) => kind === 'statuses-needed')).toBe(true)
  expect(await send(farm)).toEqual([`a ${waits}`])
  expect(await farm.statuses.list('sample', 10)).toMatchObject([
    { context: 'rumpfarm/sample/pull-request', buildId: null, pullRequest: 7, sent: true },
  ])
  await receive(farm, event(first, { action: 'updated' }))
  expect(await send(farm)).toEqual([])

  await farm.pullRequests.approve(decision(first))
  expect(await send(farm)).toEqual(['a pending: The farm prepares the build of this commit (pull request 7)'])
  const [id = 0] = await farm.pullRequests.listToExamine()
  const request = await farm.pullRequests.findToExamine(id)
  if (!request) throw new Error('the farm does not read the approved request')
  await farm.pullRequests.recordHead(request, { commit: first, fork: true })
  expect(await send(farm)).toEqual(['a pending: Build 1 has 1 job (build 1)'])
  expect(await farm.statuses.list('sample', 10)).toMatchObject([{ buildId: 1, pullRequest: null }])

  await farm.pullRequests.refuse(decision(first))
  expect(await send(farm)).toEqual(['a cancelled: 1 of 1 job was cancelled (build 1)'])
  expect(await farm.sql('SELECT * FROM "StatusChange"')).toEqual([])
})

farmTest('a refused commit, and a commit that is not the newest any more, do not stay pending', async ({ farm }) => {
  await farm.configure(forks('approve'))
  await receive(farm, event(first))
  await send(farm)
  await receive(farm, event(second, { action: 'updated' }))
  expect(await send(farm)).toEqual([
    'a cancelled: Not built: the pull request has a newer commit (pull request 7)',
    `b ${waits}`,
  ])
  await farm.pullRequests.refuse(decision(second))
  expect(await send(farm)).toEqual(['b cancelled: An administrator refused to build this commit (pull request 7)'])
})

farmTest.for(['closed', 'merged'] as const)('a request that was %s does not stay pending', async (action, { farm }) => {
  await farm.configure(forks('approve'))
  await receive(farm, event(first))
  await send(farm)
  await receive(farm, event(first, { action }))
  expect(await send(farm)).toEqual([
    `a cancelled: Not built: the pull request was ${action} before an approval (pull request 7)`,
  ])
})

farmTest('a project without a forge has no such status', async ({ farm }) => {
  await farm.configure(project({ pullRequests: { fromForks: 'approve', hosts: ['*'], build: 'merge' } }))
  await receive(farm, event(first))
  expect(await farm.sql('SELECT * FROM "StatusChange"')).toEqual([])
})

farmTest('a commit is refused if farm.yaml forbids forks later', async ({ farm }) => {
  await farm.configure(forks('approve'))
  await receive(farm, event(first))
  await send(farm)
  await farm.configure(forks('never'))
  await farm.sql('UPDATE "PullRequest" SET "examineAt" = $1', [farm.now()])
  const request = await farm.pullRequests.findToExamine(1)
  if (!request) throw new Error('no request')
  await farm.pullRequests.recordHead(request, { commit: first, fork: true })
  expect(await send(farm)).toEqual(['a cancelled: The project builds no pull requests from forks (pull request 7)'])
})
