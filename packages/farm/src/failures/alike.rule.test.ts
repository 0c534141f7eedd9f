import { expect, test } from 'vitest'
import { type ComparedFailure, findAlike, textSimilarity } from './alike.rule.ts'
import { symbolOf } from './fingerprint.rule.ts'

const failure = (text: string, index: number): ComparedFailure => ({
  fingerprint: String(index),
  symbol: symbolOf(text) ?? null,
  text,
})
const gcc = "sys/rump/vm.c: error: 'uvmexp' undeclared (first use in this function)"
const clang = "sys/rump/vm.c: error: use of undeclared identifier 'uvmexp'"

test.each<[string, string, string, 'same symbol' | 'looks like' | 'different']>([
  ['two compilers', gcc, clang, 'same symbol'],
  [
    'two linkers',
    "bin/ld: a.o: undefined reference to 'rump_init'",
    'ld: error: undefined symbol: rump_init',
    'same symbol',
  ],
  ['another symbol', gcc, gcc.replace('uvmexp', 'uvmstat'), 'different'],
  [
    'the same error in another file',
    'rump/lib/librumpvfs/vfsops.c: error: implicit conversion loses integer precision in the call of a function',
    'rump/lib/librumpvfs/vfsop.c: error: implicit conversion loses integer precision in the call of a function',
    'looks like',
  ],
  [
    'another quoted name',
    "make: don't know how to make the target 'compile/opt_ddb.h' of the kernel configuration in this directory",
    "make: don't know how to make the target 'compile/opt_ddc.h' of the kernel configuration in this directory",
    'different',
  ],
  ['another error', 'make: stopped', 'No space left on device', 'different'],
])('%s', (_, one, other, how) => {
  const [first, second] = findAlike([failure(one, 0), failure(other, 1)])
  expect(first).toEqual({
    sameSymbol: how === 'same symbol' ? ['1'] : [],
    looksLike: how === 'looks like' ? ['1'] : [],
  })
  expect([second?.sameSymbol.length, second?.looksLike.length]).toEqual([
    first?.sameSymbol.length,
    first?.looksLike.length,
  ])
})

test('the similarity of a text with itself is 1, and of texts without a common part 0', () => {
  expect([textSimilarity(gcc, gcc), textSimilarity('make', 'disk'), textSimilarity('', '')]).toEqual([1, 0, 0])
})
