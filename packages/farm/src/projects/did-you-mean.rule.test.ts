import { expect, test } from 'vitest'
import { nearest } from './did-you-mean.rule.ts'

const words = ['repository', 'branches', 'env', 'steps', 'leave-out']

test.each([
  ['branchs', 'branches'],
  ['repositroy', 'repository'],
  ['step', 'steps'],
  ['vne', undefined],
  ['nev', 'env'],
  ['leaveOut', 'leave-out'],
  ['something', undefined],
  ['', undefined],
])('for the unknown key %j the farm suggests %j', (word, meant) => expect(nearest(word, words)).toBe(meant))
