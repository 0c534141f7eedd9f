import { expect, test } from 'vitest'
import type { Problem } from './remote-answers.ts'
import { SharedFetches } from './shared-fetches.ts'

const absent: Problem = { kind: 'problem', problem: 'no such commit', absent: true }

test('if a commit arrives while an earlier fetch still searches for it, a later caller finds it', async () => {
  const fetches = new SharedFetches()
  let present = false
  let count = 0
  let answer: (() => void) | undefined
  const fetch = async () => {
    count += 1
    const seen = present
    if (count === 1) await new Promise<void>(resolve => (answer = resolve))
    return seen ? undefined : absent
  }
  const early = fetches.run('commit', fetch)
  present = true
  const late = [fetches.run('commit', fetch), fetches.run('commit', fetch)]
  answer?.()
  expect(await early).toEqual(absent)
  expect(await Promise.all(late)).toEqual([undefined, undefined])
  expect(count).toBe(2)
})

test('callers share a fetch that finds the commit, and one that fails for another reason', async () => {
  const fetches = new SharedFetches()
  for (const outcome of [undefined, { kind: 'problem', problem: 'no answer', unreachable: true } as const]) {
    let count = 0
    const fetch = async () => {
      count += 1
      return outcome
    }
    expect(await Promise.all([1, 2, 3].map(() => fetches.run('commit', fetch)))).toEqual([outcome, outcome, outcome])
    expect(count).toBe(1)
  }
})
