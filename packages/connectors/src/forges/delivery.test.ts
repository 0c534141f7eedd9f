import { describe, expect, test } from 'vitest'
import {
  check,
  headersOf,
  hex,
  now,
  publicKey,
  type Sent,
  secret,
  secretOf,
  send,
  signingToken,
} from '../support/signed-delivery.ts'
import { verify } from './delivery.ts'
import { forgeKinds, type Headers } from './event.ts'
import { recognise } from './recognise.ts'

const body = Buffer.from('{"a": "ü"}')
const without = (headers: Headers, ...names: string[]): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))

test.each(forgeKinds)('the farm recognises a delivery of %s by its headers', kind => {
  expect(recognise(headersOf[kind]('push', body))).toBe(kind)
})

test.each([
  ['no header of a forge', { 'content-type': 'application/json', 'x-request-id': 'a' }, undefined],
  ['Gitea 1.13, without the signature of GitHub', { 'x-gitea-event': 'push', 'x-github-event': 'push' }, 'gitea'],
  ['GitLab with the signature of Standard Webhooks', { 'x-gitlab-event': 'Push Hook', 'webhook-id': 'a' }, 'gitlab'],
  ['Bitbucket behind a proxy', { 'x-event-key': 'repo:push', 'x-hook-uuid': 'a', 'x-request-id': 'b' }, 'bitbucket'],
  ['an empty header', { 'x-gitea-signature': '' }, 'gitea'],
])('%s', (_name, headers, kind) => expect(recognise(headers)).toBe(kind))

describe.each(forgeKinds)('signatures of %s', kind => {
  const sent = send(kind, 'push', body.toString())
  const right = secretOf(kind)
  const signature = Object.keys(sent.headers).filter(name => /signature/.test(name))

  test('the farm accepts a valid signature, and says with which secret', () => {
    expect(check(kind, sent, [right])).toEqual({ kind: 'valid', secret: 0 })
    expect(check(kind, sent, ['', 'another', publicKey.replace(/.{8}$/, 'AAAAAAA='), right])).toEqual({
      kind: 'valid',
      secret: 3,
    })
  })

  const changed: [string, Sent, string[]][] = [
    ['another body', { ...sent, body: Buffer.from('{"a": "u"}') }, [right]],
    ['a body with one more byte', { ...sent, body: Buffer.concat([body, Buffer.from('\n')]) }, [right]],
    ['another secret', sent, ['another', signingToken.replace('YSBz', 'YSBt')]],
    ['no secret', sent, []],
    ['an empty secret', sent, ['']],
    ['no signature', { ...sent, headers: without(sent.headers, ...signature) }, [right]],
    [
      'an empty signature',
      { ...sent, headers: { ...sent.headers, ...Object.fromEntries(signature.map(n => [n, ''])) } },
      [right],
    ],
    [
      'a cut signature',
      {
        ...sent,
        headers: {
          ...sent.headers,
          ...Object.fromEntries(signature.map(n => [n, String(sent.headers[n]).slice(0, -4)])),
        },
      },
      [right],
    ],
    [
      'a signature that came twice',
      {
        ...sent,
        headers: { ...sent.headers, ...Object.fromEntries(signature.map(n => [n, [String(sent.headers[n])]])) },
      },
      [right],
    ],
  ]
  test.each(changed)('the farm refuses %s', (_name, wrong, secrets) => {
    expect(check(kind, wrong, secrets)).toEqual({ kind: 'bad-signature', problem: expect.any(String) })
  })
})

describe('a public key of sourcehut is never a shared secret', () => {
  const digest = hex(body, publicKey)
  test.each([
    ['github', { 'x-hub-signature-256': `sha256=${digest}` }],
    ['gitlab', { 'x-gitlab-token': publicKey }],
    ['gitea', { 'x-gitea-signature': digest }],
    ['bitbucket', { 'x-hub-signature': `sha256=${digest}` }],
  ] as const)('%s', (kind, headers) => {
    const problem = 'the farm has no secret for this webhook'
    expect(check(kind, { headers, body }, [publicKey])).toEqual({ kind: 'bad-signature', problem })
  })
})

describe('a refusal names the header that came and the header that the farm expects', () => {
  test.each([
    [
      'github',
      { 'x-gitea-signature': 'x' },
      'X-Hub-Signature-256 of GitHub is missing; the delivery has X-Gitea-Signature, from Gitea: send it to /webhooks or /webhooks/gitea',
    ],
    [
      'github',
      { 'x-gogs-signature': 'x' },
      'the delivery has X-Gogs-Signature, from Gogs: send it to /webhooks or /webhooks/gogs',
    ],
    [
      'github',
      { 'x-event-key': 'x', 'x-hook-uuid': 'x', 'x-hub-signature': 'sha256=x' },
      'the delivery has X-Hook-UUID, from Bitbucket Cloud',
    ],
    ['github', { 'x-hub-signature': 'sha256=x' }, 'as from Bitbucket: send it to /webhooks/bitbucket'],
    ['github', { 'x-hub-signature': 'sha1=x' }, 'X-Hub-Signature, which is SHA-1 and no longer safe'],
    [
      'github',
      { 'x-gitlab-token': 'x' },
      'the delivery has X-Gitlab-Token, from GitLab: send it to /webhooks or /webhooks/gitlab',
    ],
    [
      'github',
      { 'webhook-signature': 'x' },
      'the delivery has webhook-signature, from Standard Webhooks: send it to /webhooks or /webhooks/generic',
    ],
    ['github', { 'x-github-event': 'push' }, 'X-Hub-Signature-256 of GitHub is missing: give the webhook a secret'],
    [
      'gitlab',
      { 'x-gitlab-event': 'Push Hook' },
      'webhook-signature or X-Gitlab-Token of GitLab is missing: give the webhook a secret',
    ],
    ['gitea', { 'x-gitea-signature': '' }, 'X-Gitea-Signature is empty: give the webhook a secret'],
    [
      'forgejo',
      { 'x-forgejo-event': 'push', 'x-gitea-signature': '' },
      'X-Gitea-Signature is empty: give the webhook a secret',
    ],
    ['bitbucket-data-center', { 'x-event-key': 'diagnostics:ping' }, 'Bitbucket does not sign a connection test'],
    ['generic', { 'x-hub-signature-256': 'x' }, 'the delivery has X-Hub-Signature-256, from GitHub'],
    ['generic', { 'webhook-signature': 'v1,x' }, 'the header webhook-id is missing'],
    ['sourcehut', { 'x-payload-signature': 'x' }, 'X-Payload-Nonce of sourcehut is missing'],
  ] as const)('%s %j', (kind, headers, words) => {
    expect(check(kind, { headers, body })).toEqual({ kind: 'bad-signature', problem: expect.stringContaining(words) })
  })

  test('sourcehut without a key says which key to add', () => {
    const problem = expect.stringContaining('add ed25519:uX7KWyyDNMaBma4aVbJ/cbUQpdjqczuCyK/HxzV/u+4= to the secrets')
    expect(check('sourcehut', send('sourcehut', 'x', '{}'), [secret])).toEqual({ kind: 'bad-signature', problem })
  })
})

describe('the time of a signature by Standard Webhooks', () => {
  const sent = send('generic', '', body.toString())
  const at = (seconds: number) =>
    verify('generic', { ...sent, secrets: [signingToken], now: new Date(now.getTime() + seconds * 1000) })
  test.each([
    [300, 'valid'],
    [-300, 'valid'],
    [301, 'stale'],
    [-301, 'stale'],
  ])('after %i seconds, the delivery is %s', (seconds, kind) => expect(at(seconds).kind).toBe(kind))

  test('a message says how old the delivery is', () => {
    expect(at(3600)).toMatchObject({ problem: expect.stringContaining('60 minutes old, and the farm accepts 5') })
    expect(at(-3600)).toMatchObject({ problem: expect.stringContaining('60 minutes in the future') })
  })

  test('a delivery that is old and has a wrong signature is not stale but wrong', () => {
    const later = new Date(now.getTime() + 3_600_000)
    expect(verify('generic', { ...sent, body, secrets: [`${signingToken}AAAA`], now: later }).kind).toBe(
      'bad-signature',
    )
  })

  test('a time that is no number is refused', () => {
    const headers = { ...sent.headers, 'webhook-timestamp': 'NaN' }
    expect(check('generic', { ...sent, headers })).toMatchObject({ kind: 'bad-signature' })
  })

  test('one of several signatures is enough', () => {
    const other = `v1,${Buffer.alloc(32).toString('base64')}`
    const headers = { ...sent.headers, 'webhook-signature': `${other} v1a,x ${sent.headers['webhook-signature']}` }
    expect(check('generic', { ...sent, headers })).toEqual({ kind: 'valid', secret: 0 })
  })

  test('a secret that is not base64 cannot sign', () => {
    expect(check('generic', sent, ['whsec_***'])).toMatchObject({ problem: expect.stringContaining('base64') })
  })
})

describe('GitLab', () => {
  const sent = send('gitlab', 'Push Hook', body.toString())
  const token = { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': secret }

  test('the farm accepts a secret token', () => {
    expect(check('gitlab', { headers: token, body }, ['another', secret])).toEqual({ kind: 'valid', secret: 1 })
  })

  test('the farm refuses a part of a token', () => {
    const part = { ...token, 'x-gitlab-token': secret.slice(0, -1) }
    expect(check('gitlab', { headers: part, body }, [secret])).toMatchObject({ kind: 'bad-signature' })
  })

  test('a right token does not help a wrong signature', () => {
    const headers = { ...sent.headers, ...token }
    expect(check('gitlab', { headers, body: Buffer.from('{}') }, [secret, signingToken])).toMatchObject({
      kind: 'bad-signature',
    })
    expect(check('gitlab', { headers, body: sent.body }, [secret, signingToken])).toEqual({ kind: 'valid', secret: 1 })
  })
})

describe('sourcehut', () => {
  const sent = send('sourcehut', 'GIT_POST_RECEIVE', body.toString())

  test('no byte can move between the body and the nonce', () => {
    const nonce = String(sent.headers['x-payload-nonce'])
    const longer = {
      headers: { ...sent.headers, 'x-payload-nonce': nonce.slice(1) },
      body: Buffer.concat([body, Buffer.from(nonce.slice(0, 1))]),
    }
    const shorter = { headers: { ...sent.headers, 'x-payload-nonce': `}${nonce}` }, body: body.subarray(0, -1) }
    expect(check('sourcehut', longer).kind).toBe('bad-signature')
    expect(check('sourcehut', shorter).kind).toBe('bad-signature')
  })

  test('a key of another length is no key', () => {
    expect(check('sourcehut', sent, ['ed25519:AAAA'])).toMatchObject({ problem: expect.stringContaining('has no key') })
  })
})
