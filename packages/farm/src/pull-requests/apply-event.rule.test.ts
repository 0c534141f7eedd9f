import { expect, test } from 'vitest'
import { applyEvent, type PullRequestEvent, type PullRequestState } from './apply-event.rule.ts'

type Action = PullRequestEvent['action']
const [old, new_] = ['a'.repeat(40), 'b'.repeat(40)]
const head = (commit: string) => ({ ref: 'topic', commit, urls: [] })
const time = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute))

test.each<[PullRequestState | null, Action, string]>([
  [null, 'opened', 'open, examine'],
  [null, 'updated', 'open, examine'],
  [null, 'other', 'ignored'],
  [null, 'closed', 'closed'],
  [null, 'merged', 'merged'],
  ['open', 'opened', 'open, examine'],
  ['open', 'updated', 'open, examine'],
  ['open', 'reopened', 'open, examine'],
  ['open', 'closed', 'closed, end'],
  ['open', 'merged', 'merged, end'],
  ['open', 'other', 'open'],
  ['closed', 'opened', 'ignored'],
  ['closed', 'updated', 'ignored'],
  ['closed', 'other', 'ignored'],
  ['closed', 'reopened', 'open, examine'],
  ['closed', 'closed', 'closed'],
  ['closed', 'merged', 'merged'],
  ['merged', 'closed', 'merged'],
  ['merged', 'reopened', 'ignored'],
  ['merged', 'updated', 'ignored'],
])('a request that is %s, and the event %s: %s', (state, action, expected) => {
  const known = state && { state, headCommit: old, forgeAt: null }
  expect(words(applyEvent(known, { action, head: head(old) }))).toBe(expected)
})

test('an event about a label shows a commit that the farm has not', () => {
  const known = { state: 'open', headCommit: old, forgeAt: null } as const
  expect(words(applyEvent(known, { action: 'other', head: head(new_) }))).toBe('open, examine')
})

test.each<[number, number | null, string]>([
  [5, 4, 'ignored'],
  [5, 5, 'closed, end'],
  [5, 6, 'closed, end'],
  [5, null, 'closed, end'],
])('after an event of minute %i, an event of minute %s is %s', (last, minute, expected) => {
  const known = { state: 'open', headCommit: old, forgeAt: time(last) } as const
  const at = minute === null ? null : time(minute)
  expect(words(applyEvent(known, { action: 'closed', head: head(old), at }))).toBe(expected)
})

function words(effect: ReturnType<typeof applyEvent>): string {
  if (effect.kind === 'ignored') return 'ignored'
  const { state, examine, end } = effect
  return [state, ...(examine ? ['examine'] : []), ...(end ? ['end'] : [])].join(', ')
}
