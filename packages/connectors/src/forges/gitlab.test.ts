import { describe, expect, test } from 'vitest'
import { deliver, event, send } from '../support/signed-delivery.ts'
import { read } from './delivery.ts'

const before = '95790bf891e76fee5e1747ab589903a6a1f80f22'
const after = 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7'
const zeros = '0'.repeat(40)
const project = {
  id: 15,
  web_url: 'https://gitlab.example.org/mike/diaspora',
  git_ssh_url: 'git@gitlab.example.org:mike/diaspora.git',
  git_http_url: 'https://gitlab.example.org/mike/diaspora.git',
  namespace: 'Mike',
  path_with_namespace: 'mike/diaspora',
  default_branch: 'main',
  homepage: 'https://gitlab.example.org/mike/diaspora',
  url: 'git@gitlab.example.org:mike/diaspora.git',
}
const push = {
  object_kind: 'push',
  event_name: 'push',
  before,
  after,
  ref: 'refs/heads/main',
  checkout_sha: after,
  user_name: 'John Smith',
  project_id: 15,
  project,
  repository: { name: 'Diaspora', url: project.url, git_http_url: project.git_http_url },
  commits: [
    { id: 'b6568db1bc1dcd7f8b4d5a946b0b91f9dacd7327', message: 'First', author: { name: 'Jordi' } },
    { id: after, message: 'fixed readme\n\nAt last.', author: { name: 'Ada', email: 'ada@example.org' } },
  ],
  total_commits_count: 2,
}

test('the farm reads a push', () => {
  expect(event('gitlab', 'Push Hook', push)).toEqual({
    kind: 'refs',
    deliveryId: expect.any(String),
    repositoryUrls: [project.git_http_url, project.git_ssh_url, project.web_url],
    changes: [{ ref: 'refs/heads/main', before, after, subject: 'fixed readme', author: 'Ada' }],
  })
})

test.each([
  ['a new branch', { before: zeros }, { before: null, after }],
  ['a deleted branch', { after: zeros, checkout_sha: null, commits: [] }, { before, after: null }],
  [
    // For an annotated tag, `after` is the tag object, and `checkout_sha` the commit.
    'an annotated tag',
    { object_kind: 'tag_push', ref: 'refs/tags/v1', before: zeros, after: '82b3d5ae55f7080f1e6022629cdb57bfae7cccc7' },
    { ref: 'refs/tags/v1', before: null, after: '82b3d5ae55f7080f1e6022629cdb57bfae7cccc7', subject: 'fixed readme' },
  ],
  ['a deleted tag', { object_kind: 'tag_push', ref: 'refs/tags/v1', after: zeros, commits: null }, { after: null }],
  ['a push of a system hook', { object_kind: undefined }, { after }],
])('the farm reads %s', (_name, changes, expected) => {
  expect(event('gitlab', 'Push Hook', { ...push, ...changes })).toMatchObject({ kind: 'refs', changes: [expected] })
})

test('the system hook for a repository lists several refs', () => {
  const changes = [
    { before, after, ref: 'refs/heads/main' },
    { before: zeros, after, ref: 'refs/tags/v1' },
    { before, after: zeros, ref: 'refs/heads/old' },
  ]
  expect(event('gitlab', 'System Hook', { event_name: 'repository_update', project, changes, refs: [] })).toMatchObject(
    {
      kind: 'refs',
      changes: [
        { ref: 'refs/heads/main', before, after },
        { ref: 'refs/tags/v1', before: null, after },
        { ref: 'refs/heads/old', before, after: null },
      ],
    },
  )
})

test('a delivery can list up to 1,000 refs', () => {
  const update = (count: number) => ({
    event_name: 'repository_update',
    project,
    changes: Array.from({ length: count }, (_, at) => ({ before, after, ref: `refs/tags/${at}` })),
  })
  expect(deliver('gitlab', 'System Hook', update(1000)).kind).toBe('refs')
  expect(deliver('gitlab', 'System Hook', update(1001))).toEqual({
    kind: 'malformed',
    where: 'body.changes',
    problem: expect.stringContaining('1000'),
  })
})

describe('merge requests', () => {
  const merge = (attributes: object = {}, changes: object = {}) => ({
    object_kind: 'merge_request',
    event_type: 'merge_request',
    user: { name: 'Bob B', username: 'bob' },
    project,
    object_attributes: {
      iid: 7,
      title: 'Fix it',
      action: 'open',
      state: 'opened',
      source_branch: 'fix',
      target_branch: 'main',
      source_project_id: 14,
      target_project_id: 15,
      source: { git_http_url: 'https://gitlab.example.org/bob/diaspora.git' },
      target: project,
      last_commit: { id: after, message: 'Fix it', author: { name: 'Bob B' } },
      url: 'https://gitlab.example.org/mike/diaspora/-/merge_requests/7',
      ...attributes,
    },
    changes,
  })

  test('the farm reads a merge request of a fork', () => {
    expect(event('gitlab', 'Merge Request Hook', merge())).toEqual({
      kind: 'pull-request',
      deliveryId: expect.any(String),
      repositoryUrls: [project.git_http_url, project.git_ssh_url, project.web_url],
      action: 'opened',
      number: 7,
      title: 'Fix it',
      author: 'bob',
      head: { ref: 'fix', commit: after, urls: ['https://gitlab.example.org/bob/diaspora.git'] },
      base: { branch: 'main', commit: null },
      fork: true,
      url: 'https://gitlab.example.org/mike/diaspora/-/merge_requests/7',
      headRef: 'refs/merge-requests/7/head',
      mergeRef: 'refs/merge-requests/7/merge',
    })
  })

  test.each([
    ['a branch of the project', { source_project_id: 15 }, {}, { fork: false }],
    ['a deleted fork', { source: null }, {}, { fork: true, head: { ref: 'fix', commit: after, urls: [] } }],
    ['new commits', { action: 'update', oldrev: before }, {}, { action: 'updated' }],
    [
      'another target branch',
      { action: 'update' },
      { target_branch: { previous: 'a', current: 'main' } },
      { action: 'updated' },
    ],
    ['another title', { action: 'update' }, { title: { previous: 'a', current: 'b' } }, { action: 'other' }],
    ['an approval', { action: 'approved' }, {}, { action: 'other' }],
    ['no action', { action: undefined }, {}, { action: 'other' }],
    ['the name of a method as the action', { action: 'toString' }, {}, { action: 'other' }],
    ['a merge', { action: 'merge' }, {}, { action: 'merged' }],
    ['a close', { action: 'close' }, {}, { action: 'closed' }],
    ['a reopen', { action: 'reopen' }, {}, { action: 'reopened' }],
  ])('%s', (_name, attributes, changes, expected) => {
    expect(event('gitlab', 'Merge Request Hook', merge(attributes, changes))).toMatchObject(expected)
  })
})

test('the farm reads a release', () => {
  const release = { object_kind: 'release', action: 'create', tag: 'v1', name: 'One', project }
  expect(event('gitlab', 'Release Hook', release)).toMatchObject({ kind: 'release', tag: 'v1', action: 'create' })
})

test.each([
  ['an issue', { object_kind: 'issue', project }, 'the event issue is not a push'],
  ['a new user', { event_name: 'user_create' }, 'the event user_create is not a push'],
  ['no name', {}, 'the event without a name is not a push'],
])('the farm ignores %s', (_name, body, why) => {
  expect(event('gitlab', 'System Hook', body)).toMatchObject({ kind: 'other', why })
})

test('a push without an address of the project is not valid', () => {
  const body = { ...push, project: {}, repository: {} }
  expect(deliver('gitlab', 'Push Hook', body)).toMatchObject({ kind: 'malformed', where: 'body.project' })
})

describe('the id of a delivery', () => {
  const { headers, body } = send('gitlab', 'Push Hook', push)
  const idOf = (changes: object, bytes = body) => {
    const said = read('gitlab', { ...headers, ...changes }, bytes)
    return said.kind === 'malformed' ? said : said.deliveryId
  }
  const old = { 'idempotency-key': undefined, 'webhook-id': undefined }

  test('the key of the delivery is its id', () => expect(idOf({ 'idempotency-key': 'a-1' })).toBe('a-1'))

  test('without a key, equal bodies have one id, and other bodies another', () => {
    const other = Buffer.from(JSON.stringify({ ...push, ref: 'refs/heads/x' }))
    expect(idOf(old)).toBe(idOf(old))
    expect(idOf(old)).not.toBe(idOf(old, other))
    expect(idOf({ ...old, 'x-gitlab-event-uuid': 'b' })).not.toBe(idOf(old))
  })
})
