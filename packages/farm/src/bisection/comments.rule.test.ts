import { expect, test } from 'vitest'
import { isCommentOnly } from './comments.rule.ts'

/** A patch as `git diff --unified=0` prints it. */
const patch = (name: string, ...lines: string[]) =>
  [
    `diff --git a/${name} b/${name}`,
    'index 1..2 100644',
    `--- a/${name}`,
    `+++ b/${name}`,
    '@@ -1 +1 @@',
    ...lines,
    '',
  ].join('\n')

test.each<[string, string, boolean]>([
  ['a line comment', patch('a.c', '-// old', '+// new'), true],
  ['a block comment', patch('a.c', '+/*', '+ * New text', '+ */'), true],
  ['a comment after code', patch('a.c', '-x = 1; /* old */', '+x = 1; // new'), true],
  ['a blank line', patch('a.c', '+', '-// old'), true],
  ['code', patch('a.c', '-x = 1;', '+x = 2;'), false],
  ['code after a block comment', patch('a.c', '-/* a */ x = 1;', '+/* a */ x = 2;'), false],
  ['a dereference', patch('a.c', '-*p = 1;', '+*p = 2;'), false],
  ['a string with a mark of a comment', patch('a.c', '-u = "http://a";', '+u = "http://b";'), false],
  ['a comment of a script', patch('build.sh', '-# old', '+# new'), true],
  ['the interpreter of a script', patch('build.sh', '-#!/bin/sh', '+#!/bin/ksh'), false],
  ['a preprocessor line', patch('a.h', '-#define A 1', '+#define A 2'), false],
  ['a comment of a makefile', patch('lib/Makefile.inc', '+# new'), true],
  ['a comment and documentation', patch('a.c', '+// new') + patch('README.md', '+text'), true],
  ['a comment and code in another file', patch('a.c', '+// new') + patch('b.c', '+x();'), false],
  ['a file of an unknown language', patch('data.bin', '+# new'), false],
  ['a new mode', 'diff --git a/a.sh b/a.sh\nold mode 100644\nnew mode 100755\n', false],
  ['nothing', '', false],
])('a change of only comments: %s', (_, text, expected) => expect(isCommentOnly(text)).toBe(expected))
