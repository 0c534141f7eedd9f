import { expect, test } from 'vitest'
import { doubtOf, fileInLine, weightOf } from './weights.rule.ts'

test.each([
  { files: [], weight: 1 },
  { files: ['bin/ls.c'], weight: 1 },
  { files: ['sys/rump/vm.c'], weight: 4 },
  { files: ['README.md', 'sys/rump/vm.c'], weight: 4 },
  { files: ['sys/rump/vm.h'], weight: 2 },
  { files: ['sys/rump/other.c'], weight: 2 },
  { files: ['lib/rump.c'], weight: 1 },
  { files: ['sys/arch/sparc64/trap.c'], weight: 3 },
  { files: ['sys/arch/sparc64/trap.c', 'sys/rump/vm.c'], weight: 12 },
  { files: ['sys/arch/arm/trap.c'], weight: 0.1 },
  { files: ['sys/arch/arm/trap.c', 'bin/ls.c'], weight: 1 },
  { files: ['docs/guide.md', 'README.md'], weight: 0.1 },
])('a commit with the files $files has the weight $weight', ({ files, weight }) => {
  expect(weightOf(files, { file: 'src/sys/rump/vm.c', arch: 'sparc64' })).toBe(weight)
})

test.each([
  { files: ['a.c'], merge: false, doubt: null },
  { files: ['a.c'], merge: true, doubt: 'merge' },
  { files: ['README.md'], merge: false, doubt: 'documentation' },
  { files: ['sys/arch/vax/a.s'], merge: false, doubt: 'other-arch' },
  { files: [], merge: false, doubt: null },
])('the answer $files (merge: $merge) is doubted because of: $doubt', ({ files, merge, doubt }) => {
  expect(doubtOf(files, merge, 'amd64')).toBe(doubt)
})

test.each([
  ["/home/farm/src/sys/rump/vm.c:1123:7: error: 'x' undeclared", '/home/farm/src/sys/rump/vm.c'],
  ['"t.c", line 3.5: 1506-045 (S) Undeclared identifier strlcpy.', 't.c'],
  ['main.cs(12,3): error CS1002: ; expected', 'main.cs'],
  ['make: *** [all] Error 1', null],
  ['not ok 14 - reads 4096 bytes in 0.31 s', null],
])('%s names the file %s', (line, file) => expect(fileInLine(line)).toBe(file))
