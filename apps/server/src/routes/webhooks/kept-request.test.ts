import { expect, test } from 'vitest'
import { bodyBytesKept, keptBody, keptHeaders } from './kept-request.ts'

const secret = 'swordfish-swordfish'

test('the farm stores only harmless headers, and says which proof of the sender came', () => {
  const headers = {
    host: 'farm.example',
    cookie: 'a=b',
    authorization: 'Basic abc',
    'x-forwarded-for': '192.0.2.1',
    'content-type': 'application/json',
    'user-agent': `GitHub-Hookshot/1 ${secret}`,
    'x-github-event': 'push',
    'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
    'x-gitlab-token': secret,
    'webhook-signature': 'v1,abc',
  }
  expect(keptHeaders(headers, [secret])).toEqual({
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/1 ***',
    'x-github-event': 'push',
    'x-hub-signature-256': '(71 characters, not stored)',
    'x-gitlab-token': '(19 characters, not stored)',
    'webhook-signature': '(6 characters, not stored)',
  })
})

test.each([
  ['{"ref":"refs/heads/main"}', '{"ref":"refs/heads/main"}'],
  [`{"a":"${secret}"}`, '{"a":"***"}'],
  ['{"secret": "x", "runners_token":"y","tokens":"z"}', '{"secret": "***", "runners_token":"***","tokens":"z"}'],
  ['{"clone_url":"https://me:pw@forge.example/x"}', '{"clone_url":"https://***@forge.example/x"}'],
  ['{"ssh_url":"git@forge.example:x"}', '{"ssh_url":"git@forge.example:x"}'],
])('the farm stores %s as %s', (body, stored) => {
  expect(keptBody('application/json', Buffer.from(body), [secret])).toBe(stored)
})

test('the farm stores the JSON of a form, and the beginning of a long body', () => {
  const form = new URLSearchParams({ payload: '{"a":"ü"}' }).toString()
  expect(keptBody('application/x-www-form-urlencoded', Buffer.from(form), [])).toBe('{"a":"ü"}')
  expect(keptBody('application/json', Buffer.alloc(100_000, 'x'), [])).toHaveLength(bodyBytesKept)
})
