import { generateKeyPairSync } from 'node:crypto'
import type { StatusState } from '@rumpfarm/contracts'
import { expect, onTestFinished, test } from 'vitest'
import { StatusForge } from '../../../../../test/support/status-forge.ts'
import { statusSender } from './send-status.ts'
import type { CommitStatus, StatusTarget } from './status.ts'

type Kind = Parameters<typeof StatusForge.open>[0]

async function openForge(kind: Kind) {
  const forge = await StatusForge.open(kind)
  onTestFinished(() => forge.close())
  const target: StatusTarget = { forge: kind, api: forge.api, repository: 'ada/x', access: { token: forge.token } }
  return { forge, target }
}

const commit = 'a'.repeat(40)
const status = (changes: Partial<CommitStatus> = {}): CommitStatus => ({
  commit,
  branch: 'main',
  context: 'rumpfarm/x',
  state: 'success',
  description: 'All 3 jobs passed',
  url: 'https://farm.example.org/builds/1',
  ...changes,
})
const sender = () => statusSender({ allowPrivate: true })

test.each<[Kind, Record<StatusState, string>]>([
  [
    'github',
    {
      pending: 'pending',
      running: 'pending',
      success: 'success',
      failure: 'failure',
      error: 'error',
      cancelled: 'error',
    },
  ],
  [
    'gitlab',
    {
      pending: 'pending',
      running: 'running',
      success: 'success',
      failure: 'failed',
      error: 'failed',
      cancelled: 'canceled',
    },
  ],
  [
    'gitea',
    {
      pending: 'pending',
      running: 'pending',
      success: 'success',
      failure: 'failure',
      error: 'error',
      cancelled: 'error',
    },
  ],
  [
    'bitbucket',
    {
      pending: 'INPROGRESS',
      running: 'INPROGRESS',
      success: 'SUCCESSFUL',
      failure: 'FAILED',
      error: 'FAILED',
      cancelled: 'STOPPED',
    },
  ],
  [
    'bitbucket-data-center',
    {
      pending: 'INPROGRESS',
      running: 'INPROGRESS',
      success: 'SUCCESSFUL',
      failure: 'FAILED',
      error: 'FAILED',
      cancelled: 'CANCELLED',
    },
  ],
])('%s shows each state with its own word', async (kind, words) => {
  const { forge, target } = await openForge(kind)
  for (const state of Object.keys(words) as StatusState[])
    expect(await sender().send(target, status({ state, context: `x/${state}` }))).toEqual({ kind: 'sent' })
  expect(forge.shown).toEqual(
    Object.entries(words).map(([state, word]) => ({
      ...{ commit, context: `x/${state}`, state: word, description: 'All 3 jobs passed' },
      url: 'https://farm.example.org/builds/1',
    })),
  )
})

test.each<[Kind, string]>([
  ['github', 'GitHub: the token is not valid (401: Bad credentials)'],
  ['gitlab', 'GitLab: the token is not valid (401: 401 Unauthorized)'],
  ['gitea', 'Gitea: the token is not valid (401: invalid username, password or token)'],
  [
    'bitbucket',
    'Bitbucket: the token is not valid (401: Token is invalid, expired, or not supported for this endpoint.)',
  ],
  ['bitbucket-data-center', 'Bitbucket Data Center: the token is not valid (401: Authentication failed.)'],
])('%s refuses a wrong token permanently', async (kind, problem) => {
  const { target } = await openForge(kind)
  const outcome = await sender().send({ ...target, access: { token: 'wrong' } }, status())
  expect(outcome).toEqual({ kind: 'failed', problem, permanent: true })
})

test.each<[Kind]>([['github'], ['gitlab'], ['gitea'], ['bitbucket'], ['bitbucket-data-center']])(
  '%s does not know a repository',
  async kind => {
    const { target } = await openForge(kind)
    const outcome = await sender().send({ ...target, repository: 'ada/y' }, status())
    expect(outcome).toMatchObject({ kind: 'failed', permanent: true })
    expect(JSON.stringify(outcome)).toMatch(/there is no repository ada\/y or no commit aaaaaaaaaa.*\(404/)
  },
)

test('GitHub refuses a commit that it does not have', async () => {
  const { target } = await openForge('github')
  const outcome = await sender().send(target, status({ commit: '0'.repeat(40) }))
  expect(outcome).toMatchObject({
    permanent: true,
    problem: expect.stringMatching(/422: No commit found for SHA: 0000/),
  })
})

test('a long description is cut for each forge', async () => {
  const { forge, target } = await openForge('github')
  expect(await sender().send(target, status({ description: 'é'.repeat(600) }))).toEqual({ kind: 'sent' })
  expect(forge.shown[0]?.description).toHaveLength(140)
})

test('a long name becomes a key of 40 characters for Bitbucket, and different names have different keys', async () => {
  const { forge, target } = await openForge('bitbucket')
  const long = `rumpfarm/${'x'.repeat(60)}`
  await sender().send(target, status({ context: long }))
  await sender().send(target, status({ context: `${long}y` }))
  const keys = forge.shown.map(({ context }) => context)
  expect(keys.map(key => key.length)).toEqual([40, 40])
  expect(new Set(keys).size).toBe(2)
})

test('without PUBLIC_URL, a status has no address, and Bitbucket gets no status', async () => {
  const github = await openForge('github')
  expect(await sender().send(github.target, status({ url: null }))).toEqual({ kind: 'sent' })
  expect(github.forge.asked[0]?.body).not.toHaveProperty('target_url')
  const bitbucket = await openForge('bitbucket')
  const outcome = await sender().send(bitbucket.target, status({ url: null }))
  expect(outcome).toMatchObject({ permanent: true, problem: expect.stringContaining('set PUBLIC_URL') })
})

test('GitLab keeps an unfinished status, so a repeated or earlier unfinished state counts as sent', async () => {
  const { forge, target } = await openForge('gitlab')
  const states = ['pending', 'pending', 'running', 'pending', 'running', 'success', 'running', 'failure'] as const
  for (const state of states) expect(await sender().send(target, status({ state }))).toEqual({ kind: 'sent' })
  expect(forge.states).toEqual(['pending', 'running', 'success', 'running', 'failed'])
})

test('a rate limit says how long the farm must wait', async () => {
  const { forge, target } = await openForge('github')
  const reset = Math.floor(Date.now() / 1000) + 600
  forge.next.push(
    {
      status: 403,
      headers: { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) },
      body: { message: 'API rate limit exceeded for user ID 1.' },
    },
    { status: 403, headers: { 'retry-after': '9' }, body: { message: 'You have exceeded a secondary rate limit.' } },
    { status: 403, body: { message: 'Resource not accessible by personal access token' } },
  )
  const [first, second, third] = [
    await sender().send(target, status()),
    await sender().send(target, status()),
    await sender().send(target, status()),
  ]
  expect(first).toMatchObject({ permanent: false, limitedSeconds: expect.closeTo(600, -1) })
  expect(second).toEqual({
    kind: 'failed',
    permanent: false,
    limitedSeconds: 9,
    problem:
      'GitHub accepts no request for 9 s because of its rate limit (403: You have exceeded a secondary rate limit.)',
  })
  expect(third).toMatchObject({ permanent: true, problem: expect.stringContaining('may not set the status') })
})

test('an error of the forge, an answer that is not HTTP, and a closed port are temporary', async () => {
  const { forge, target } = await openForge('github')
  forge.next.push({ status: 502, body: '<html>Bad gateway</html>' })
  expect(await sender().send(target, status())).toEqual({
    kind: 'failed',
    permanent: false,
    problem: 'GitHub: the forge has an error (status 502)',
  })
  const closed = { ...target, api: 'http://127.0.0.1:1' }
  expect(await sender().send(closed, status())).toEqual({
    kind: 'failed',
    permanent: false,
    problem: 'GitHub: it cannot be reached (ECONNREFUSED)',
  })
})

test('a redirect is followed within the forge, as after a rename, and never to another site', async () => {
  const { forge, target } = await openForge('github')
  forge.next.push({ status: 307, headers: { location: `/repos/ada/x/statuses/${commit}` }, body: '' })
  expect(await sender().send(target, status())).toEqual({ kind: 'sent' })
  const other = await openForge('github')
  forge.next.push({ status: 307, headers: { location: `${other.forge.api}/repos/ada/x/statuses/${commit}` }, body: '' })
  expect(await sender().send(target, status())).toMatchObject({
    permanent: true,
    problem: expect.stringContaining('redirects to another site'),
  })
  expect(other.forge.asked).toEqual([])
})

test('a message that repeats the token is shown without it', async () => {
  const { forge, target } = await openForge('github')
  forge.next.push({ status: 401, body: { message: `no such token: ${forge.token}` } })
  expect(JSON.stringify(await sender().send(target, status()))).not.toContain(forge.token)
})

test('a private address is refused unless the operator allows private addresses', async () => {
  const { forge, target } = await openForge('github')
  const outcome = await statusSender({ allowPrivate: false }).send(target, status())
  expect(outcome).toMatchObject({ permanent: false, problem: expect.stringContaining('NOTIFY_PRIVATE=true') })
  expect(forge.asked).toEqual([])
})

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()

test.each([
  ['PEM', pem],
  ['PEM with \\n for line breaks', pem.replaceAll('\n', '\\n')],
  ['base64 of PEM', Buffer.from(pem).toString('base64')],
])('a GitHub App signs in with its key as %s, and keeps its token until it ends', async (_name, key) => {
  const { forge, target } = await openForge('github')
  forge.appKey = publicKey
  const app = sender()
  const withApp: StatusTarget = { ...target, access: { app: { id: '123', key } } }
  for (const state of ['pending', 'success'] as const) {
    expect(await app.send(withApp, status({ state }))).toEqual({ kind: 'sent' })
  }
  expect(forge.installationTokens).toEqual(['ghs_1'])
  const paths = forge.asked.map(({ path }) => path.replace(commit, 'C'))
  expect(paths).toEqual([
    '/repos/ada/x/installation',
    '/app/installations/77/access_tokens',
    '/repos/ada/x/statuses/C',
    '/repos/ada/x/statuses/C',
  ])
})

test('a GitHub App gets a new token after GitHub no longer accepts the old one', async () => {
  const { forge, target } = await openForge('github')
  forge.appKey = publicKey
  const app = sender()
  const withApp: StatusTarget = { ...target, access: { app: { id: '123', installation: '77', key: pem } } }
  expect(await app.send(withApp, status())).toEqual({ kind: 'sent' })
  forge.installationTokens = []
  expect(await app.send(withApp, status())).toEqual({ kind: 'sent' })
  expect(forge.installationTokens).toEqual(['ghs_1'])
})

test('a token of a GitHub App that ends soon is not used again', async () => {
  const { forge, target } = await openForge('github')
  forge.appKey = publicKey
  forge.appSeconds = 30
  const app = sender()
  const withApp: StatusTarget = { ...target, access: { app: { id: '123', installation: '77', key: pem } } }
  await app.send(withApp, status())
  await app.send(withApp, status())
  expect(forge.installationTokens).toEqual(['ghs_1', 'ghs_2'])
})

test('a wrong key, and an app that is not installed, are permanent', async () => {
  const { forge, target } = await openForge('github')
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  forge.appKey = other.publicKey
  const withKey = (key: string): StatusTarget => ({ ...target, access: { app: { id: '123', key } } })
  expect(await sender().send(withKey(pem), status())).toEqual({
    kind: 'failed',
    permanent: true,
    problem:
      'GitHub: the app is not installed for ada/x, or its key is wrong (401: A JSON web token could not be decoded)',
  })
  expect(await sender().send(withKey('nonsense'), status())).toEqual({
    kind: 'failed',
    permanent: true,
    problem: 'the private key of the GitHub App is not a key in PEM',
  })
})
