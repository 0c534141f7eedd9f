import { describe, expect, test } from 'vitest'
import { deliver, event, send } from '../support/signed-delivery.ts'
import { read } from './delivery.ts'

const trigger = { kind: 'trigger', deliveryId: expect.any(String), repositoryUrls: [] }

test.each([
  [{ project: 'sample' }],
  [{ project: 'sample', branch: 'feature/x' }],
  [{ project: 'sample', commit: 'abcdef0123' }],
  [{ commit: 'abcdef0123' }],
])('the farm accepts %j, also in an envelope', body => {
  expect(event('generic', '', body)).toEqual({ ...trigger, ...body })
  const envelope = { type: 'build.requested', timestamp: '2026-11-30T00:00:00Z', data: body }
  expect(event('generic', '', envelope)).toEqual({ ...trigger, ...body })
})

test('an envelope of the type ping is a test of the webhook', () => {
  const ping = { type: 'ping', timestamp: '2026-11-30T00:00:00Z' }
  expect(event('generic', '', ping)).toEqual({ kind: 'ping', deliveryId: expect.any(String), repositoryUrls: [] })
})

describe('messages that are not valid', () => {
  test.each([
    ['', 'body:1:1', 'not JSON'],
    ['{"project": "p",}', 'body:1:17', 'not JSON'],
    ['[]', 'body', 'object'],
    [{ project: '../x' }, 'body.project', 'pattern'],
    [{ project: 'p', commit: 'HEAD' }, 'body.commit', 'pattern'],
    [{ project: 'p', branch: '-x' }, 'body.branch', 'pattern'],
    [{ project: 'p', ref: 'main' }, 'body', 'unknown key "ref"; allowed: project, commit, branch'],
    [{ type: 'x', data: {} }, 'body', 'it lacks timestamp'],
    [{ type: 'x', timestamp: 'now', data: { ref: 'main' } }, 'body.data', 'unknown key "ref"'],
    [{ type: 'x', timestamp: 'now', data: { commit: 'HEAD' } }, 'body.data.commit', 'pattern'],
  ])('the farm refuses %j', (body, where, problem) => {
    expect(deliver('generic', '', body)).toEqual({
      kind: 'malformed',
      where,
      problem: expect.stringContaining(problem),
    })
  })

  test('the farm refuses an id that it cannot store', () => {
    const { headers, body } = send('generic', '', {})
    expect(read('generic', { ...headers, 'webhook-id': 'a b' }, body)).toMatchObject({
      kind: 'malformed',
      where: 'header webhook-id',
    })
  })
})
