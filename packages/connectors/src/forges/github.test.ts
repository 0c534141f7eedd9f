import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { check, deliver, event, githubHeaders, hex, secret } from '../support/signed-delivery.ts'
import { read, verify } from './delivery.ts'

interface Examples {
  name: string
  examples: { action?: string }[]
}
/** Payloads that GitHub sent, one list for each event. */
const recorded: Examples[] = createRequire(import.meta.url)('@octokit/webhooks-examples')
const examplesOf = (name: string) => recorded.find(one => one.name === name)?.examples ?? []

const commit = '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5'
const before = '98e9cc9aa08a8ddf2e5f71946c157b4a06f179de'
const zeros = '0'.repeat(40)
const repository = {
  id: 7,
  clone_url: 'https://github.com/rumpkernel/buildrump.sh.git',
  ssh_url: 'git@github.com:rumpkernel/buildrump.sh.git',
  git_url: 'git://github.com/rumpkernel/buildrump.sh.git',
  html_url: 'https://github.com/rumpkernel/buildrump.sh',
}
const push = {
  ref: 'refs/heads/feature/x',
  before,
  after: commit,
  deleted: false,
  repository,
  head_commit: { id: commit, message: 'Fix it\n\nAt last.', author: { name: 'Ada', email: 'ada@example.org' } },
}
const change = { ref: 'refs/heads/feature/x', before, after: commit, subject: 'Fix it', author: 'Ada' }
const refs = (changes: object) => ({
  kind: 'refs',
  deliveryId: expect.any(String),
  repositoryUrls: [repository.clone_url, repository.ssh_url, repository.git_url, repository.html_url],
  changes: [{ ...change, ...changes }],
})

test('the farm accepts the signature from the example in GitHub’s documentation', () => {
  const headers = {
    'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    'x-github-event': 'ping',
    'x-github-delivery': 'x',
  }
  const body = Buffer.from('Hello, World!')
  expect(check('github', { headers, body }, [secret])).toEqual({ kind: 'valid', secret: 0 })
  expect(read('github', headers, body)).toEqual({ kind: 'ping', deliveryId: 'x', repositoryUrls: [] })
})

describe('recorded payloads', () => {
  test('the farm reads every push', () => {
    const read = examplesOf('push').map(payload => event('github', 'push', payload))
    expect(read.length).toBeGreaterThan(3)
    expect(new Set(read.map(({ kind }) => kind))).toEqual(new Set(['refs']))
    expect(read[0]).toMatchObject({
      repositoryUrls: expect.arrayContaining(['https://github.com/Codertocat/Hello-World.git']),
      changes: [{ ref: expect.stringMatching(/^refs\//) }],
    })
  })

  test('the farm reads every pull request', () => {
    const read = examplesOf('pull_request').map(payload => event('github', 'pull_request', payload))
    expect(new Set(read.map(({ kind }) => kind))).toEqual(new Set(['pull-request']))
    const actions = examplesOf('pull_request').map(
      ({ action }, at) => `${action}: ${(read[at] as { action: string }).action}`,
    )
    expect([...new Set(actions)].filter(line => !line.endsWith(': other')).sort()).toEqual([
      'closed: closed',
      'opened: opened',
      'reopened: reopened',
      'synchronize: updated',
    ])
  })

  test('the farm reads every release and every ping', () => {
    const releases = examplesOf('release').map(payload => event('github', 'release', payload))
    expect(releases[0]).toMatchObject({ kind: 'release', tag: expect.any(String), action: expect.any(String) })
    expect(new Set(releases.map(({ kind }) => kind))).toEqual(new Set(['release']))
    const pings = examplesOf('ping').map(payload => event('github', 'ping', payload))
    expect(new Set(pings.map(({ kind }) => kind))).toEqual(new Set(['ping']))
  })

  const others = recorded.filter(({ name }) => !['push', 'pull_request', 'release', 'ping'].includes(name))
  test('the farm ignores every other event, with a reason', () => {
    expect(others.length).toBeGreaterThan(30)
    for (const { name, examples } of others)
      for (const payload of examples)
        expect(event('github', name, payload)).toMatchObject({ kind: 'other', why: expect.stringContaining(name) })
  })
})

test('the farm reads a push', () => expect(event('github', 'push', push)).toEqual(refs({})))

test.each([
  ['a new branch', { before: zeros }, { before: null }],
  [
    'a deleted branch',
    { deleted: true, after: zeros, head_commit: null },
    { after: null, subject: undefined, author: undefined },
  ],
  ['a tag', { ref: 'refs/tags/v1', before: zeros }, { ref: 'refs/tags/v1', before: null }],
  ['a push without a commit message', { head_commit: null }, { subject: undefined, author: undefined }],
  ['SHA-256', { after: commit.repeat(2).slice(0, 64) }, { after: commit.repeat(2).slice(0, 64) }],
  [
    'NUL in a message and a name',
    { head_commit: { message: 'Fix\0 it', author: { name: 'A\0da' } } },
    { subject: 'Fix\uFFFD it', author: 'A\uFFFDda' },
  ],
])('the farm reads %s', (_name, changes, expected) => {
  expect(event('github', 'push', { ...push, ...changes })).toEqual(refs(expected))
})

test('the farm reads a push that arrives as a form, which is the default format of GitHub', () => {
  const body = Buffer.from(new URLSearchParams({ payload: JSON.stringify(push) }).toString())
  const headers = { ...githubHeaders('push', body), 'content-type': 'application/x-www-form-urlencoded' }
  expect(check('github', { headers, body }).kind).toBe('valid')
  expect(read('github', headers, body)).toEqual(refs({}))
})

describe('pull requests', () => {
  const pull = (changes: object = {}, head: object = {}) => ({
    action: 'opened',
    number: 7,
    pull_request: {
      title: 'Fix\nit',
      html_url: `${repository.html_url}/pull/7`,
      user: { login: 'bob' },
      merged: false,
      head: {
        ref: 'fix',
        sha: commit,
        repo: { ...repository, id: 8, clone_url: 'https://github.com/bob/buildrump.sh.git' },
        ...head,
      },
      base: { ref: 'main', sha: before, repo: repository },
    },
    repository,
    ...changes,
  })

  test('the farm reads a pull request of a fork', () => {
    expect(event('github', 'pull_request', pull())).toEqual({
      kind: 'pull-request',
      deliveryId: expect.any(String),
      repositoryUrls: [repository.clone_url, repository.ssh_url, repository.git_url, repository.html_url],
      action: 'opened',
      number: 7,
      title: 'Fix',
      author: 'bob',
      head: { ref: 'fix', commit, urls: expect.arrayContaining(['https://github.com/bob/buildrump.sh.git']) },
      base: { branch: 'main', commit: before },
      fork: true,
      url: 'https://github.com/rumpkernel/buildrump.sh/pull/7',
      headRef: 'refs/pull/7/head',
      mergeRef: 'refs/pull/7/merge',
    })
  })

  test.each([
    ['a branch of the repository', {}, { repo: repository }, { fork: false }],
    ['a deleted fork', {}, { repo: null }, { fork: true, head: { ref: 'fix', commit, urls: [] } }],
    ['new commits', { action: 'synchronize' }, {}, { action: 'updated' }],
    [
      'another base branch',
      { action: 'edited', changes: { base: { ref: { from: 'old' } } } },
      {},
      { action: 'updated' },
    ],
    ['another title', { action: 'edited', changes: { title: { from: 'old' } } }, {}, { action: 'other' }],
    ['a label', { action: 'labeled' }, {}, { action: 'other' }],
  ])('%s', (_name, changes, head, expected) => {
    expect(event('github', 'pull_request', pull(changes, head))).toMatchObject(expected)
  })

  test('a closed pull request is merged or closed', () => {
    const closed = pull({ action: 'closed' })
    expect(event('github', 'pull_request', closed)).toMatchObject({ action: 'closed' })
    const merged = { ...closed, pull_request: { ...closed.pull_request, merged: true } }
    expect(event('github', 'pull_request', merged)).toMatchObject({ action: 'merged' })
  })
})

test('a delivery of GitHub Enterprise Server names the repository on its own host', () => {
  const own = { ...repository, clone_url: 'https://ghe.example.org/a/b.git', ssh_url: 'git@ghe.example.org:a/b.git' }
  const said = event('github', 'push', { ...push, repository: { ...own, git_url: null, html_url: undefined } })
  expect(said.repositoryUrls).toEqual(['https://ghe.example.org/a/b.git', 'git@ghe.example.org:a/b.git'])
})

describe('deliveries that are not valid', () => {
  test.each([
    ['no JSON', '{"ref": nope}', /^body/, 'it is not JSON'],
    ['no JSON from the third line', '{\n  "ref": "x"\n  "after"\n}', /^body:3:3$/, 'it is not JSON'],
    ['no commit', { ...push, after: undefined }, /^body$/, 'after'],
    ['an option instead of a commit', { ...push, after: '--help' }, /^body.after$/, 'pattern'],
    ['a cut commit', { ...push, after: commit.slice(1) }, /^body.after$/, 'pattern'],
    ['a ref with NUL', { ...push, ref: 'refs/heads/a\0b' }, /^body.ref$/, 'pattern'],
    ['no repository', { ...push, repository: undefined }, /^body$/, 'repository'],
    ['a repository without address', { ...push, repository: {} }, /^body.repository$/, 'no clone_url'],
    ['a list', [], /^body$/, 'object'],
  ])('the farm refuses a push with this error: %s', (_name, body, where, problem) => {
    expect(deliver('github', 'push', body)).toEqual({
      kind: 'malformed',
      where: expect.stringMatching(where),
      problem: expect.stringContaining(problem),
    })
  })

  test.each([
    ['x-github-delivery', 'header X-GitHub-Delivery', 'it is missing, or is not an id'],
    ['x-github-event', 'header X-GitHub-Event', 'it is missing'],
  ])('the farm refuses a delivery without %s', (name, where, problem) => {
    const body = Buffer.from(JSON.stringify(push))
    const headers = { ...githubHeaders('push', body), [name]: undefined }
    expect(read('github', headers, body)).toEqual({ kind: 'malformed', where, problem })
  })

  test('the farm refuses a form without a payload, and bytes that are not UTF-8', () => {
    const form = { ...githubHeaders('push', Buffer.from('')), 'content-type': 'application/x-www-form-urlencoded' }
    expect(read('github', form, Buffer.from('x=y'))).toMatchObject({ kind: 'malformed' })
    const bytes = Buffer.from([0x22, 0xff, 0x22])
    const headers = githubHeaders('push', bytes)
    expect(
      verify('github', {
        headers: { ...headers, 'x-hub-signature-256': `sha256=${hex(bytes)}` },
        body: bytes,
        secrets: [secret],
        now: new Date(),
      }).kind,
    ).toBe('valid')
    expect(read('github', headers, bytes)).toEqual({ kind: 'malformed', where: 'body', problem: 'it is not UTF-8' })
  })
})
