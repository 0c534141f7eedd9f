import { expect, test } from 'vitest'
import { deliver, event, nonce, send } from '../support/signed-delivery.ts'
import { read } from './delivery.ts'

const before = '98e9cc9aa08a8ddf2e5f71946c157b4a06f179de'
const after = '59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5'
const tag = '82b3d5ae55f7080f1e6022629cdb57bfae7cccc7'
const commit = { id: after, message: 'Fix it\n\nAt last.', author: { name: 'Ada' } }
const references = {
  results: [
    { name: 'refs/heads/main', target: after },
    { name: 'refs/heads/new', target: after },
    { name: 'refs/tags/v1', target: tag },
    { name: 'refs/heads/other', target: before },
  ],
}
const repository = { name: 'sample', owner: { canonicalName: '~ada' }, references }
const payload = (updates: unknown[], changes: object = {}) => ({
  data: {
    webhook: {
      uuid: 'f2e9a3f0-6c3b-4e5e-9a56-2f2f5a2c9b11',
      event: 'GIT_POST_RECEIVE',
      repository,
      updates,
      ...changes,
    },
  },
})
const push = payload([{ ref: { name: 'refs/heads/main' }, old: { id: before }, new: commit }])

test('the farm reads a push', () => {
  expect(event('sourcehut', 'GIT_POST_RECEIVE', push)).toEqual({
    kind: 'refs',
    deliveryId: 'f2e9a3f0-6c3b-4e5e-9a56-2f2f5a2c9b11',
    repositoryUrls: ['https://git.sr.ht/~ada/sample', 'git@git.sr.ht:~ada/sample'],
    changes: [{ ref: 'refs/heads/main', before, after, subject: 'Fix it', author: 'Ada' }],
  })
})

test('the farm finds a new ref, which sourcehut does not name, among all refs', () => {
  const body = payload([
    { ref: { name: 'refs/heads/other' }, old: { id: after }, new: { id: before } },
    { ref: null, old: null, new: commit },
    { ref: null, old: null, new: { id: tag } },
    { ref: null, old: { id: before }, new: null },
    null,
  ])
  expect(event('sourcehut', 'GIT_POST_RECEIVE', body)).toMatchObject({
    kind: 'refs',
    changes: [
      { ref: 'refs/heads/other', before: after, after: before },
      { ref: 'refs/heads/main', before: null, after },
      { ref: 'refs/heads/new', before: null, after },
      { ref: 'refs/tags/v1', before: null, after: tag },
    ],
  })
})

test.each([
  ['a deleted ref', payload([{ ref: null, old: { id: before }, new: null }]), 'does not name a new or a deleted ref'],
  ['another event', payload([], { event: 'REPO_UPDATE' }), 'the event REPO_UPDATE is not GIT_POST_RECEIVE'],
])('the farm ignores %s', (_name, body, why) => {
  expect(event('sourcehut', 'x', body)).toMatchObject({ kind: 'other', why: expect.stringContaining(why) })
})

test('without a uuid in the query, the nonce is the id, because the signature covers it', () => {
  expect(event('sourcehut', 'x', payload([], { uuid: undefined })).deliveryId).toBe(nonce)
})

test('the deliveries of another instance have the host that the farm knows', () => {
  const { headers, body } = send('sourcehut', 'x', push)
  const said = read('sourcehut', headers, body, { sourcehutHost: 'git.example.org' })
  expect(said).toMatchObject({
    repositoryUrls: ['https://git.example.org/~ada/sample', 'git@git.example.org:~ada/sample'],
  })
})

test.each([
  ['no repository', payload([], { repository: undefined }), 'body.data.webhook'],
  [
    'a path as the name',
    payload([], { repository: { ...repository, name: '../x' } }),
    'body.data.webhook.repository.name',
  ],
  ['an error of GraphQL', { errors: [{ message: 'no' }], data: null }, 'body.data'],
  ['a text as an id', payload([{ ref: null, old: null, new: { id: 'HEAD' } }]), /^body\.data\.webhook\.updates/],
])('the farm refuses %s', (_name, body, where) => {
  expect(deliver('sourcehut', 'x', body)).toMatchObject({ kind: 'malformed', where: expect.stringMatching(where) })
})
