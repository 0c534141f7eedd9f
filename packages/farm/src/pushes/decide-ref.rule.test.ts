import { expect, test } from 'vitest'
import { decideRef } from './decide-ref.rule.ts'

const sample = { name: 'sample', branches: ['main', 'release/*'], tags: ['v*'] }

test.each([
  ['refs/heads/main', false, { kind: 'branch', branch: 'main' }],
  ['refs/heads/release/1', false, { kind: 'branch', branch: 'release/1' }],
  ['refs/heads/x', false, { kind: 'ignored', why: 'sample builds only the branches main, release/*, not x' }],
  ['refs/heads/x', true, { kind: 'deleted-branch', branch: 'x' }],
  ['refs/heads/main', true, { kind: 'deleted-branch', branch: 'main' }],
  ['refs/tags/v1', false, { kind: 'tag', tag: 'v1' }],
  ['refs/tags/x1', false, { kind: 'ignored', why: 'sample builds only the tags v*, not x1' }],
  ['refs/tags/v1', true, { kind: 'ignored', why: 'refs/tags/v1 was deleted' }],
  ['refs/notes/commits', false, { kind: 'ignored', why: 'refs/notes/commits is neither a branch nor a tag' }],
  ['refs/heads/', false, { kind: 'ignored', why: 'refs/heads/ is neither a branch nor a tag' }],
])('%s (deleted: %s) is decided as %j', (ref, deleted, decision) => {
  expect(decideRef(sample, { ref, deleted })).toEqual(decision)
})

test('a project without tags in farm.yaml ignores all tags', () => {
  const why = 'sample builds no tags'
  expect(decideRef({ name: 'sample', branches: [] }, { ref: 'refs/tags/v1', deleted: false })).toEqual({
    kind: 'ignored',
    why,
  })
})
