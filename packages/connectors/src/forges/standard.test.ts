import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readStandardDelivery } from './standard.ts'

const key = Buffer.from('a secret of the farm, 32 bytes !')
const secret = `whsec_${key.toString('base64')}`
const now = 1_700_000_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: now * 1000 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Computes the signature from the specification, without the library that verifies it. */
function deliver(
  body: unknown,
  { at = now, id = 'msg_1', secrets = [secret], signature = undefined as string | undefined } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const own = `v1,${createHmac('sha256', key).update(`${id}.${at}.${text}`).digest('base64')}`
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signature ?? own }
  return readStandardDelivery(headers, Buffer.from(text), secrets)
}

test.each([
  [{ project: 'sample' }],
  [{ project: 'sample', branch: 'feature/x' }],
  [{ project: 'sample', commit: 'abcdef0123' }],
])('the farm accepts %j', body => expect(deliver(body)).toEqual({ kind: 'trigger', deliveryId: 'msg_1', ...body }))

test('the farm accepts a message if one signature matches one secret', () => {
  const right = createHmac('sha256', key).update(`msg_1.${now}.{"project":"p"}`).digest('base64')
  const signature = `v1,${Buffer.alloc(32).toString('base64')} v1a,x v1,${right}`
  const secrets = [`whsec_${Buffer.alloc(24).toString('base64')}`, secret]
  expect(deliver('{"project":"p"}', { signature, secrets })).toMatchObject({ kind: 'trigger', project: 'p' })
})

describe('messages that are not valid', () => {
  test.each([
    ['five minutes old', { at: now - 301 }, 'stale', 'too old'],
    ['from the future', { at: now + 301 }, 'stale', 'too new'],
    ['signed with another secret', { signature: 'v1,AAAA' }, 'bad-signature', 'No matching signature'],
    ['signed with an empty signature', { signature: 'v1' }, 'bad-signature', 'No matching signature'],
    ['sent at an invalid time', { at: Number.NaN }, 'bad-signature', 'Invalid Signature'],
    ['sent to a farm without a secret', { secrets: [] }, 'bad-signature', 'the farm has no secret'],
    ['sent with an invalid id', { id: 'a b' }, 'malformed', 'it is not an id'],
  ])('the farm refuses a message that is %s', (_name, options, kind, problem) => {
    expect(deliver({ project: 'p' }, options)).toMatchObject({ kind, problem: expect.stringContaining(problem) })
  })

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'the farm refuses a message without the header %s',
    name => {
      const headers = { 'webhook-id': 'x', 'webhook-timestamp': '1', 'webhook-signature': 'x', [name]: undefined }
      const problem = `the header ${name} is missing`
      expect(readStandardDelivery(headers, Buffer.from('{}'), [secret])).toEqual({ kind: 'bad-signature', problem })
    },
  )

  test.each([
    ['', /^body:1:1$/, 'not JSON'],
    ['{"project": "p",}', /^body/, 'not JSON'],
    [{}, /^body$/, 'project'],
    [{ project: '../x' }, /^body.project$/, 'pattern'],
    [{ project: 'p', commit: 'HEAD' }, /^body.commit$/, 'pattern'],
    [{ project: 'p', branch: '-x' }, /^body.branch$/, 'pattern'],
    [{ project: 'p', ref: 'main' }, /^body$/, 'unknown key "ref"; allowed: project, commit, branch'],
  ])('the farm refuses the body %j', (body, where, problem) => {
    expect(deliver(body)).toEqual({
      kind: 'malformed',
      where: expect.stringMatching(where),
      problem: expect.stringContaining(problem),
    })
  })
})

test('the farm throws a configuration error if a secret is not base64', () => {
  expect(() => deliver({ project: 'p' }, { secrets: ['whsec_***'] })).toThrow()
})
