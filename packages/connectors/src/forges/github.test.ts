import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readGithubDelivery } from './github.ts'

const secret = "It's a Secret to Everybody"
const commit = '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5'

const push = {
  ref: 'refs/heads/feature/x',
  before: '0'.repeat(40),
  after: commit,
  deleted: false,
  repository: {
    full_name: 'rumpkernel/buildrump.sh',
    clone_url: 'https://github.com/rumpkernel/buildrump.sh.git',
    ssh_url: 'git@github.com:rumpkernel/buildrump.sh.git',
    git_url: 'git://github.com/rumpkernel/buildrump.sh.git',
    html_url: 'https://github.com/rumpkernel/buildrump.sh',
  },
  head_commit: { id: commit, message: 'Fix it\n\nAt last.', author: { name: 'Ada', email: 'ada@example.org' } },
}

const sign = (body: Uint8Array, key = secret) => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`

function deliver(body: unknown, headers: Record<string, string | undefined> = {}, secrets = [secret]) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const usual = {
    'x-hub-signature-256': sign(bytes),
    'x-github-event': 'push',
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'content-type': 'application/json',
  }
  return readGithubDelivery({ ...usual, ...headers }, bytes, secrets)
}

test('the farm accepts the signature from the example in GitHub’s documentation', () => {
  const headers = {
    'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    'x-github-event': 'ping',
    'x-github-delivery': 'x',
  }
  expect(readGithubDelivery(headers, Buffer.from('Hello, World!'), [secret])).toEqual({ kind: 'ping', deliveryId: 'x' })
})

const read = {
  kind: 'push',
  deliveryId: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
  repositoryUrls: [
    'https://github.com/rumpkernel/buildrump.sh.git',
    'git@github.com:rumpkernel/buildrump.sh.git',
    'git://github.com/rumpkernel/buildrump.sh.git',
    'https://github.com/rumpkernel/buildrump.sh',
  ],
  branch: 'feature/x',
  commit,
  subject: 'Fix it',
  author: 'Ada',
}

test('the farm replaces NUL with U+FFFD in a message or a name, and refuses a ref with NUL', () => {
  const head_commit = { message: 'Fix\0 it', author: { name: 'A\0da' } }
  expect(deliver({ ...push, head_commit })).toEqual({ ...read, subject: 'Fix\uFFFD it', author: 'A\uFFFDda' })
  expect(deliver({ ...push, ref: 'refs/heads/a\0b' })).toMatchObject({ kind: 'malformed', where: 'body.ref' })
})

test.each([
  ['x-gitea-signature', 'x', /the delivery has X-Gitea-Signature/],
  ['x-gogs-signature', 'x', /the delivery has X-Gogs-Signature/],
  ['x-hub-signature', 'sha1=x', /the delivery has X-Hub-Signature, which is SHA-1/],
  ['x-hub-signature', 'sha256=x', /the delivery has X-Hub-Signature: sha256=, from Bitbucket: .*generic webhook/],
  ['x-gitlab-token', 'x', /the delivery has X-Gitlab-Token/],
  ['webhook-signature', 'x', /\/webhooks\/generic/],
  ['x-other', 'x', /give the webhook a secret/],
])(
  'the farm refuses a delivery with %s: %s but without X-Hub-Signature-256, and the message says what to do',
  (name, value, words) => {
    expect(deliver(push, { 'x-hub-signature-256': undefined, [name]: value })).toEqual({
      kind: 'bad-signature',
      problem: expect.stringMatching(words),
    })
  },
)

test('the farm reads a push', () => expect(deliver(push)).toEqual(read))

test('the farm reads a push that arrives as a form, which is the default format of GitHub', () => {
  const form = new URLSearchParams({ payload: JSON.stringify(push) }).toString()
  expect(deliver(form, { 'content-type': 'application/x-www-form-urlencoded' })).toEqual(read)
})

test('the farm reads a push without a commit message', () => {
  expect(deliver({ ...push, head_commit: null })).toMatchObject({ kind: 'push', commit, subject: undefined })
})

test('the farm accepts a signature with any of its secrets', () =>
  expect(deliver(push, {}, ['new', secret])).toMatchObject({ kind: 'push' }))

describe('deliveries that need no build', () => {
  test.each([
    ['a tag', { ...push, ref: 'refs/tags/v1' }, {}, 'refs/tags/v1 is not a branch'],
    ['a deleted branch', { ...push, deleted: true, after: '0'.repeat(40) }, {}, 'refs/heads/feature/x was deleted'],
    ['another event', {}, { 'x-github-event': 'issues' }, 'the event issues is not a push'],
  ])('the farm builds nothing for %s', (_name, body, headers, why) => {
    expect(deliver(body, headers)).toMatchObject({ kind: 'nothing-to-build', why })
  })
})

describe('signatures that are not valid', () => {
  const right = sign(Buffer.from(JSON.stringify(push)))
  test.each([
    ['no signature', { 'x-hub-signature-256': undefined }, [secret], 'is missing'],
    [
      'a signature with another secret',
      { 'x-hub-signature-256': sign(Buffer.from(JSON.stringify(push)), 'x') },
      [secret],
      'does not match',
    ],
    [
      'a signature of other bytes',
      { 'x-hub-signature-256': sign(Buffer.from(`${JSON.stringify(push)} `)) },
      [secret],
      'does not match',
    ],
    ['a shortened signature', { 'x-hub-signature-256': right.slice(0, -1) }, [secret], '64 hexadecimal digits'],
    ['the prefix sha1=', { 'x-hub-signature-256': `sha1=${right.slice(7)}` }, [secret], '64 hexadecimal digits'],
    ['no secret on the farm', {}, [], 'the farm has no secret'],
    [
      'an empty secret on the farm',
      { 'x-hub-signature-256': sign(Buffer.from('{}'), '') },
      [''],
      'the farm has no secret',
    ],
  ])('the farm refuses this signature: %s', (_name, headers, secrets, problem) => {
    expect(deliver(push, headers, secrets)).toEqual({
      kind: 'bad-signature',
      problem: expect.stringContaining(problem),
    })
  })
})

describe('deliveries that are not valid', () => {
  test.each([
    ['no JSON', '{"ref": nope}', {}, /^body/, 'it is not JSON'],
    ['no JSON from the third line', '{\n  "ref": "x"\n  "after"\n}', {}, /^body:3:3$/, 'it is not JSON'],
    [
      'a form without payload',
      'x=y',
      { 'content-type': 'application/x-www-form-urlencoded' },
      /^body/,
      'it is not JSON',
    ],
    ['no commit', { ...push, after: undefined }, {}, /^body$/, 'after'],
    ['an option instead of a commit', { ...push, after: '--help' }, {}, /^body.after$/, 'pattern'],
    ['no repository', { ...push, repository: undefined }, {}, /^body$/, 'repository'],
    ['a repository without address', { ...push, repository: {} }, {}, /^body.repository$/, 'no clone_url'],
    ['a list', [], {}, /^body$/, 'object'],
    ['no delivery id', push, { 'x-github-delivery': undefined }, /X-GitHub-Delivery/, 'missing'],
    ['no event', push, { 'x-github-event': undefined }, /X-GitHub-Event/, 'missing'],
  ])('the farm refuses a delivery with this error: %s', (_name, body, headers, where, problem) => {
    expect(deliver(body, headers)).toEqual({
      kind: 'malformed',
      where: expect.stringMatching(where),
      problem: expect.stringContaining(problem),
    })
  })

  test('the farm refuses bytes that are not UTF-8', () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22])
    const headers = { 'x-hub-signature-256': sign(bytes), 'x-github-event': 'push', 'x-github-delivery': 'x' }
    expect(readGithubDelivery(headers, bytes, [secret])).toEqual({
      kind: 'malformed',
      where: 'body',
      problem: 'it is not UTF-8',
    })
  })
})
