import { describe, expect, test } from 'vitest'
import { bytesOf, check, deliver, event, headersOf, hex } from '../support/signed-delivery.ts'
import { read } from './delivery.ts'

const before = '98e9cc9aa08a8ddf2e5f71946c157b4a06f179de'
const after = '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5'
const zeros = '0'.repeat(40)
const repository = {
  id: 7,
  full_name: 'rump/sample',
  html_url: 'https://git.example.org/rump/sample',
  ssh_url: 'git@git.example.org:rump/sample.git',
  clone_url: 'https://git.example.org/rump/sample.git',
}
const repositoryUrls = [repository.clone_url, repository.ssh_url, repository.html_url]
const head = { id: after, message: 'Fix it\n', author: { name: 'Ada', email: 'ada@example.org', username: 'ada' } }
const push = {
  ref: 'refs/heads/main',
  before,
  after,
  compare_url: '',
  commits: [head, { id: before, message: 'Old', author: { name: 'Bob' } }],
  repository,
  pusher: { login: 'ada' },
}
const kinds = ['gitea', 'forgejo', 'gogs'] as const

describe.each(kinds)('%s', kind => {
  test('the farm reads a push', () => {
    const refs = {
      kind: 'refs',
      deliveryId: expect.any(String),
      repositoryUrls,
      changes: [{ ref: 'refs/heads/main', before, after, subject: 'Fix it', author: 'Ada' }],
    }
    expect(event(kind, 'push', push)).toEqual(refs)
    expect(event(kind, 'push', { ...push, head_commit: head, commits: null })).toEqual(refs)
  })

  test('the farm reads a deleted branch and a deleted tag, for which there is no push', () => {
    const deleted = (ref_type: string) =>
      event(kind, 'delete', { ref: 'x/y', ref_type, pusher_type: 'user', repository })
    expect(deleted('branch')).toMatchObject({ kind: 'refs', changes: [{ ref: 'refs/heads/x/y', after: null }] })
    expect(deleted('tag')).toMatchObject({ kind: 'refs', changes: [{ ref: 'refs/tags/x/y', after: null }] })
  })

  test('the farm reads a release, and ignores other events', () => {
    const release = { action: 'published', release: { tag_name: 'v1' }, repository }
    expect(event(kind, 'release', release)).toMatchObject({ kind: 'release', tag: 'v1', action: 'published' })
    expect(event(kind, 'issues', { repository })).toMatchObject({
      kind: 'other',
      why: 'the event issues is not a push',
    })
  })

  test('a push as a form has a signature of the JSON', () => {
    const payload = bytesOf(push)
    const body = Buffer.from(new URLSearchParams({ payload: payload.toString() }).toString())
    const headers = { ...headersOf[kind]('push', payload), 'content-type': 'application/x-www-form-urlencoded' }
    expect(check(kind, { headers, body })).toEqual({ kind: 'valid', secret: 0 })
    expect(read(kind, headers, body)).toMatchObject({ kind: 'refs' })
    const other = Buffer.from(new URLSearchParams({ payload: '{}' }).toString())
    expect(check(kind, { headers, body: other }).kind).toBe('bad-signature')
  })

  test('a delivery without an address, an event or an id is not valid', () => {
    expect(deliver(kind, 'push', { ...push, repository: {} })).toMatchObject({
      kind: 'malformed',
      where: 'body.repository',
    })
    const body = bytesOf(push)
    const headers = Object.entries(headersOf[kind]('push', body))
    const without = (part: RegExp) => Object.fromEntries(headers.filter(([name]) => !part.test(name)))
    expect(read(kind, without(/event$/), body)).toMatchObject({ where: expect.stringMatching(/^header X-\w+-Event$/) })
    expect(read(kind, without(/delivery$/), body)).toMatchObject({ where: expect.stringMatching(/-Delivery$/) })
  })
})

describe.each(['gitea', 'forgejo'] as const)('%s', kind => {
  test('the farm reads a tag from its push, and ignores the event create', () => {
    const tag = { ...push, ref: 'refs/tags/v1', before: zeros, commits: [] }
    expect(event(kind, 'push', tag)).toMatchObject({ changes: [{ ref: 'refs/tags/v1', before: null, after }] })
    const created = { ref: 'v1', ref_type: 'tag', sha: after, repository }
    expect(event(kind, 'create', created)).toMatchObject({ kind: 'other', why: expect.stringContaining('create') })
  })

  test.each([
    ['opened', { action: 'opened' }, 'opened'],
    ['synchronized', { action: 'synchronized' }, 'updated'],
    ['a new base branch', { action: 'edited', changes: { ref: { from: 'old' } } }, 'updated'],
    ['a new title', { action: 'edited', changes: { title: { from: 'old' } } }, 'other'],
    ['closed', { action: 'closed' }, 'closed'],
  ])('the farm reads a pull request: %s', (_name, changes, action) => {
    const pull = {
      number: 7,
      pull_request: {
        title: 'Fix it',
        html_url: `${repository.html_url}/pulls/7`,
        user: { login: 'bob' },
        head: { ref: 'fix', sha: after, repo: { ...repository, id: 8 } },
        base: { ref: 'main', sha: before, repo: repository },
      },
      repository,
      ...changes,
    }
    expect(event(kind, 'pull_request', pull)).toMatchObject({
      kind: 'pull-request',
      action,
      fork: true,
      author: 'bob',
      head: { ref: 'fix', commit: after },
      base: { branch: 'main', commit: before },
      headRef: 'refs/pull/7/head',
      mergeRef: null,
    })
  })
})

test('the farm reads a delivery of an early Forgejo, which has only the headers of Gitea', () => {
  const body = bytesOf(push)
  const headers = headersOf.gitea('push', body)
  expect(check('forgejo', { headers, body })).toEqual({ kind: 'valid', secret: 0 })
  expect(read('forgejo', headers, body)).toMatchObject({ kind: 'refs' })
})

test('a signature of Forgejo counts more than one of Gitea', () => {
  const body = bytesOf(push)
  const headers = { ...headersOf.forgejo('push', body), 'x-forgejo-signature': hex(body, 'another') }
  expect(check('forgejo', { headers, body }).kind).toBe('bad-signature')
})

describe('gogs', () => {
  test('a tag has the event create, and no push', () => {
    const created = { ref: 'v1', ref_type: 'tag', sha: after, repository }
    expect(event('gogs', 'create', created)).toMatchObject({ changes: [{ ref: 'refs/tags/v1', before: null, after }] })
    expect(event('gogs', 'create', { ...created, ref_type: 'branch' })).toMatchObject({ kind: 'other' })
    expect(event('gogs', 'create', { ...created, sha: undefined })).toMatchObject({ kind: 'other' })
  })

  test('the farm reads a pull request, which names no commit', () => {
    const pull = {
      action: 'synchronized',
      number: 7,
      pull_request: {
        title: 'Fix it',
        html_url: `${repository.html_url}/pulls/7`,
        user: { login: '', username: 'bob' },
        merged: false,
        head_branch: 'fix',
        head_repo: { ...repository, id: 8, clone_url: 'https://git.example.org/bob/sample.git' },
        base_branch: 'main',
        base_repo: repository,
      },
      repository,
    }
    expect(event('gogs', 'pull_request', pull)).toMatchObject({
      kind: 'pull-request',
      action: 'updated',
      author: 'bob',
      head: { ref: 'fix', commit: null },
      base: { branch: 'main', commit: null },
      fork: true,
      headRef: 'refs/pull/7/head',
    })
  })
})
