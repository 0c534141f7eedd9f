import { describe, expect, test } from 'vitest'
import { deliver, event } from '../support/signed-delivery.ts'

const before = '98e9cc9aa08a8ddf2e5f71946c157b4a06f179de'
const after = '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5'
const zeros = '0'.repeat(40)

describe('Bitbucket Cloud', () => {
  const repository = {
    type: 'repository',
    uuid: '{673a6070-3421-46c9-9d48-90745f7bfe8e}',
    full_name: 'rump/sample',
    links: { html: { href: 'https://bitbucket.org/rump/sample' } },
  }
  const repositoryUrls = ['https://bitbucket.org/rump/sample', 'https://bitbucket.org/rump/sample.git']
  const target = (hash: string) => ({
    hash,
    message: 'Fix it\n\nAt last.',
    author: { raw: 'Ada Example <ada@example.org>', user: { display_name: 'Ada' } },
  })
  const ref = (type: string, name: string, hash: string) => ({ type, name, target: target(hash) })
  const push = (...changes: object[]) => ({ actor: { display_name: 'Ada' }, repository, push: { changes } })

  test('one push with several refs is several changes', () => {
    const body = push(
      { old: ref('branch', 'main', before), new: ref('branch', 'main', after), forced: false },
      { old: null, new: ref('tag', 'v1', after), created: true },
      { old: ref('branch', 'x/y', before), new: null, closed: true },
    )
    expect(event('bitbucket', 'repo:push', body)).toEqual({
      kind: 'refs',
      deliveryId: expect.any(String),
      repositoryUrls,
      changes: [
        { ref: 'refs/heads/main', before, after, subject: 'Fix it', author: 'Ada' },
        { ref: 'refs/tags/v1', before: null, after, subject: 'Fix it', author: 'Ada' },
        { ref: 'refs/heads/x/y', before, after: null },
      ],
    })
  })

  test('an author without an account has the name of the commit', () => {
    const now = ref('branch', 'main', after)
    const alone = { ...now, target: { ...now.target, author: { raw: 'Ada Example <ada@example.org>' } } }
    expect(event('bitbucket', 'repo:push', push({ old: null, new: alone }))).toMatchObject({
      changes: [{ author: 'Ada Example' }],
    })
  })

  const end = (name: string, hash: string, uuid = repository.uuid) => ({
    branch: { name },
    commit: { hash: hash.slice(0, 12) },
    repository: { ...repository, uuid },
  })
  const pull = (uuid?: string) => ({
    repository,
    pullrequest: {
      id: 7,
      title: 'Fix it',
      author: { display_name: 'Bob B', nickname: 'bob' },
      source: end('fix', after, uuid),
      destination: end('main', before),
      links: { html: { href: 'https://bitbucket.org/rump/sample/pull-requests/7' } },
    },
  })

  test.each([
    ['pullrequest:created', 'opened'],
    ['pullrequest:updated', 'updated'],
    ['pullrequest:fulfilled', 'merged'],
    ['pullrequest:rejected', 'closed'],
  ])('the farm reads %s', (key, action) => {
    expect(event('bitbucket', key, pull())).toEqual({
      kind: 'pull-request',
      deliveryId: expect.any(String),
      repositoryUrls,
      action,
      number: 7,
      title: 'Fix it',
      author: 'bob',
      head: { ref: 'fix', commit: after.slice(0, 12), urls: repositoryUrls },
      base: { branch: 'main', commit: before.slice(0, 12) },
      fork: false,
      url: 'https://bitbucket.org/rump/sample/pull-requests/7',
      headRef: 'refs/heads/fix',
      mergeRef: null,
    })
  })

  test('a pull request of a fork has no ref in the repository', () => {
    expect(event('bitbucket', 'pullrequest:created', pull('{other}'))).toMatchObject({ fork: true, headRef: null })
    const gone = {
      ...pull(),
      pullrequest: { ...pull().pullrequest, source: { ...end('fix', after), repository: null } },
    }
    expect(event('bitbucket', 'pullrequest:created', gone)).toMatchObject({ fork: true, headRef: null })
  })

  test.each([
    ['repo:fork', 'the event repo:fork is not a push'],
    ['pullrequest:approved', 'the event pullrequest:approved is not a push'],
    ['toString', 'the event toString is not a push'],
  ])('the farm ignores %s', (key, why) => {
    expect(event('bitbucket', key, { repository })).toMatchObject({ kind: 'other', why, repositoryUrls })
  })

  test.each([
    ['no ref', push({ old: null, new: null }), 'body.push.changes'],
    ['no commit', push({ old: null, new: { type: 'branch', name: 'main' } }), 'body.push.changes'],
    ['no address', { ...push(), repository: {} }, 'body.repository'],
    ['no changes', { repository }, 'body'],
  ])('the farm refuses a push with %s', (_name, body, where) => {
    expect(deliver('bitbucket', 'repo:push', body)).toMatchObject({ kind: 'malformed', where })
  })
})

describe('Bitbucket Data Center', () => {
  const kind = 'bitbucket-data-center'
  const self = 'https://bitbucket.example.org/projects/RUMP/repos/sample/browse'
  const clone = [
    { href: 'ssh://git@bitbucket.example.org:7999/rump/sample.git', name: 'ssh' },
    { href: 'https://bitbucket.example.org/scm/rump/sample.git', name: 'http' },
  ]
  const repository = { slug: 'sample', id: 84, project: { key: 'RUMP' }, links: { clone, self: [{ href: self }] } }
  const change = (id: string, fromHash: string, toHash: string, type: string) => ({
    ref: { id, displayId: id.split('/').pop(), type: 'BRANCH' },
    refId: id,
    fromHash,
    toHash,
    type,
  })
  const push = {
    eventKey: 'repo:refs_changed',
    actor: { displayName: 'Ada' },
    repository,
    changes: [
      change('refs/heads/main', before, after, 'UPDATE'),
      change('refs/tags/v1', zeros, after, 'ADD'),
      change('refs/heads/x/y', before, zeros, 'DELETE'),
    ],
    toCommit: { id: after, message: 'Fix it\n', author: { name: 'ada', displayName: 'Ada' } },
  }

  test('one push with several refs is several changes', () => {
    expect(event(kind, 'repo:refs_changed', push)).toEqual({
      kind: 'refs',
      deliveryId: expect.any(String),
      repositoryUrls: [clone[0]?.href, clone[1]?.href, 'https://bitbucket.example.org/scm/RUMP/sample.git', self],
      changes: [
        { ref: 'refs/heads/main', before, after, subject: 'Fix it', author: 'Ada' },
        { ref: 'refs/tags/v1', before: null, after, subject: 'Fix it', author: 'Ada' },
        { ref: 'refs/heads/x/y', before, after: null },
      ],
    })
  })

  test.each([
    [self, 'https://bitbucket.example.org/scm/RUMP/sample.git'],
    [
      'https://example.org/bitbucket/projects/RUMP/repos/sample/browse',
      'https://example.org/bitbucket/scm/RUMP/sample.git',
    ],
    ['https://example.org/users/ada/repos/sample/browse', 'https://example.org/scm/~ada/sample.git'],
  ])('the page %s has the address %s', (href, address) => {
    const body = { ...push, repository: { links: { self: [{ href }] } } }
    expect(event(kind, 'repo:refs_changed', body).repositoryUrls).toEqual([address, href])
  })

  test('the farm reads the push of a mirror, and a connection test', () => {
    expect(event(kind, 'mirror:repo_synchronized', push)).toMatchObject({ kind: 'refs' })
    expect(event(kind, 'diagnostics:ping', { test: true })).toMatchObject({ kind: 'ping' })
  })

  const end = (id: string, latestCommit: string, repositoryId = 84) => ({
    id,
    displayId: 'x',
    latestCommit,
    repository: { ...repository, id: repositoryId },
  })
  const pull = (changes: object = {}) => ({
    pullRequest: {
      id: 7,
      title: 'Fix it',
      author: { user: { name: 'bob', displayName: 'Bob B' } },
      fromRef: end('refs/heads/fix', after, 85),
      toRef: end('refs/heads/main', before),
      links: { self: [{ href: 'https://bitbucket.example.org/projects/RUMP/repos/sample/pull-requests/7' }] },
    },
    ...changes,
  })

  test.each([
    ['pr:opened', {}, 'opened'],
    ['pr:from_ref_updated', { previousFromHash: before }, 'updated'],
    ['pr:modified', { previousTarget: { id: 'refs/heads/old' } }, 'updated'],
    ['pr:modified', { previousTarget: { id: 'refs/heads/main' }, previousTitle: 'Old' }, 'other'],
    ['pr:merged', {}, 'merged'],
    ['pr:declined', {}, 'closed'],
    ['pr:deleted', {}, 'closed'],
  ])('the farm reads %s %j', (key, changes, action) => {
    expect(event(kind, key, pull(changes))).toMatchObject({
      kind: 'pull-request',
      action,
      number: 7,
      author: 'Bob B',
      head: { ref: 'fix', commit: after },
      base: { branch: 'main', commit: before },
      fork: true,
      url: expect.stringContaining('/pull-requests/7'),
      headRef: 'refs/pull-requests/7/from',
      mergeRef: null,
      repositoryUrls: expect.arrayContaining([clone[1]?.href]),
    })
  })

  test('the farm ignores other events, and refuses a push without an address', () => {
    expect(event(kind, 'repo:forked', { repository })).toMatchObject({ kind: 'other' })
    expect(deliver(kind, 'repo:refs_changed', { ...push, repository: { slug: 'sample' } })).toMatchObject({
      kind: 'malformed',
      where: 'body.repository',
    })
  })
})
