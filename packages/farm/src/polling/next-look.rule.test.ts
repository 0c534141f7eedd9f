import { expect, test } from 'vitest'
import { nextLook } from './next-look.rule.ts'

const at = new Date('2024-05-06T07:00:00Z')

test.each<[string, { everySeconds: number | null; failures: number }, number, number | undefined]>([
  ['the interval', { everySeconds: 300, failures: 0 }, 0.5, 300],
  ['the shortest interval', { everySeconds: 300, failures: 0 }, 0, 270],
  ['the longest interval', { everySeconds: 300, failures: 0 }, 1, 330],
  ['without poll, only at the next start', { everySeconds: null, failures: 0 }, 0.5, undefined],
  ['without poll, after a failure', { everySeconds: null, failures: 1 }, 0.5, 60],
  ['after a second failure', { everySeconds: null, failures: 2 }, 0.5, 120],
  ['a failure waits at least the interval', { everySeconds: 300, failures: 1 }, 0.5, 300],
  ['after many failures, an hour', { everySeconds: 300, failures: 99 }, 0.5, 3600],
  ['a longer interval stays', { everySeconds: 86_400, failures: 99 }, 0.5, 86_400],
])('%s', (_, look, random, seconds) => {
  const next = nextLook(look, at, random)
  expect(next && (next.getTime() - at.getTime()) / 1000).toBe(seconds)
})
