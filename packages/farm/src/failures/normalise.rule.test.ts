import { describe, expect, test } from 'vitest'
import { fingerprint, symbolOf } from './fingerprint.rule.ts'
import { normalise } from './normalise.rule.ts'

const texts = {
  folders: ['/home/farm/work/4711.2', '/home/farm/work/4711.2/src'],
  triple: 'sparc64--netbsd',
  hostName: 'sparky',
}

describe('the normalised text', () => {
  test.each([
    [
      '/home/farm/work/4711.2/src/sys/rump/vm.c:1123:7: error: ‘uvmexp’ undeclared (first use in this function)',
      "sys/rump/vm.c: error: 'uvmexp' undeclared (first use in this function)",
    ],
    ["vm.c:1123: parse error before `*'", "vm.c: parse error before '*'"],
    [
      '"/export/home/f/w/17/src/lib/foo.c", line 88: undefined symbol: AF_INET6',
      '"lib/foo.c", line <n>: undefined symbol: AF_INET6',
    ],
    [
      '"t.c", line 3.5: 1506-045 (S) Undeclared identifier strlcpy.',
      '"t.c", line <n>: 1506-045 (S) Undeclared identifier strlcpy.',
    ],
    [
      'ld: fatal: file /usr/lib/sparcv9/libm.so: wrong ELF class: ELFCLASS64',
      'ld: fatal: file sparcv9/libm.so: wrong ELF class: ELFCLASS64',
    ],
    [
      "/usr/bin/ld: /tmp/ccQ1aZ7x.o: in function `main':/home/farm/work/4711.2/src/a.c:12: undefined reference to `rump_init'",
      "bin/ld: <tmp>: in function 'main':a.c: undefined reference to 'rump_init'",
    ],
    ['error[E0425]: cannot find value `x1` in this scope', "error[E0425]: cannot find value 'x1' in this scope"],
    ['./net/dial.go:204:13: undefined: syscall.SO_REUSEPORT', './net/dial.go: undefined: syscall.SO_REUSEPORT'],
    [
      "Can't locate Test/More.pm in @INC (@INC contains: /usr/lib/perl5 /usr/share/perl) at t/01.t line 3.",
      "Can't locate Test/More.pm in @INC at t/<n>.t line <n>.",
    ],
    ['./buildrump.sh: line 412: gmake: command not found', './buildrump.sh: line <n>: gmake: command not found'],
    ["x.sh: syntax error at line 7: `(' unexpected", "x.sh: syntax error at line <n>: '(' unexpected"],
    [
      "nbmake[3]: don't know how to make /usr/src/sys/arch/i386/compile/opt_ddb.h. Stop",
      "make: don't know how to make compile/opt_ddb.h. Stop",
    ],
    ['gmake[2]: *** [Makefile:218: ld.so] Error 1', 'make: *** [ld.so] Error <n>'],
    [
      '==31337==ERROR: AddressSanitizer: heap-use-after-free on address 0x60200000eff4 at pc 0x4f1a2b',
      '<pid>ERROR: AddressSanitizer: heap-use-after-free on address <hex> at pc <hex>',
    ],
    ['not ok 14 - reads 4096 bytes in 0.31 s', 'not ok <n> - reads <n> bytes in <n>'],
    // One row for each step that the lines above do not show.
    ['2026-11-28T10:11:12.123Z [12/345] x.c:3: error: y', 'x.c: error: y'],
    ['[10:11:12] FAIL: a', 'FAIL: a'],
    ['Nov 28 10:11:12 FAIL: a', 'FAIL: a'],
    [
      'sparc64--netbsd-gcc: error: no input files on sparky, not sparkyx',
      '<triple>-gcc: error: no input files on <host>, not sparkyx',
    ],
    ['arm-linux-gnueabihf-gcc: error: x', '<triple>-gcc: error: x'],
    ['/opt/x86_64--netbsd/bin/ld: cannot find -lm', 'bin/ld: cannot find -lm'],
    ['/tools/bin/armv6--netbsdelf-eabihf-ld: cannot find -lm', 'bin/<triple>-ld: cannot find -lm'],
    ['x86_64-unknown-linux-musl-ld and i386-pc-solaris2.11-ld', '<triple>-ld and <triple>-ld'],
    ['arm-chair, x86_64 and mips-like words', 'arm-chair, x86_64 and mips-like words'],
    ['fatal: unable to access https://forge.example/a.git/: gone', 'fatal: unable to access <url> gone'],
    ['/tmp/a.XXX/b.c:3:1: error: x', '<tmp>: error: x'],
    ['C:\\build\\src\\lib\\a.c(12): error C2065: y', 'lib/a.c: error C2065: y'],
    ['job 123e4567-e89b-12d3-a456-426614174000 ended at 2026-11-28 10:11:12', 'job <id> ended at <time>'],
    ['connect to 10.0.0.1:8080 and [fe80::1]:80 and ::1: refused', 'connect to <addr> and <addr> and <addr>: refused'],
    ['commit 3f2a1cdd, version 1.2.3-rc1', 'commit <hex>, version 1.2.3-rc1'],
    ['sh[4711]: gmake: not found', 'sh<pid>: gmake: not found'],
    ['a.c(3,5): error TS2304: x', 'a.c: error TS2304: x'],
    ['took 3s, 200ms and 1.5 h of x86_64', 'took <n>, <n> and <n> of x86_64'],
    ['libfoo.so.6: needs GLIBC_2.31', 'libfoo.so.6: needs GLIBC_2.31'],
    ['a \t  b  ', 'a b'],
    ['std::string is a type', 'std::string is a type'],
  ])('of %s', (line, text) => expect(normalise(line, texts)).toBe(text))

  test('is the same for two hosts, work folders and compilers with the same messages', () => {
    const other = { folders: ['/var/farm/w/9.1'], triple: 'i386--netbsdelf', hostName: 'vax-1' }
    const on = (folder: string) => `${folder}/src/a.c:1:2: error: 'x' undeclared`
    expect(normalise(on('/var/farm/w/9.1'), other)).toBe(
      normalise(on('/home/farm/work/4711.2'), { folders: texts.folders.slice(0, 1) }),
    )
  })

  test.each([
    ['/w/attempt-4711.2/src/sys/vm.c:3:1: error: x', 'sys/vm.c: error: x'],
    ['/usr/home/f/w//attempt-4711.2//buildrump.sh/a.c:3:1: error: x', 'a.c: error: x'],
    ['cc: error: no such directory: -I/w/attempt-4711.2/src', 'cc: error: no such directory: -I.'],
    ['/w/attempt-4711.2/srcs/sys/vm.c:3:1: error: x', 'srcs/sys/vm.c: error: x'],
    ['/w/attempt-4711.2: not found', '.: not found'],
    ['/w/attempt-4711.23/src/sys/vm.c:3:1: error: x', 'sys/vm.c: error: x'],
  ])('has no work directory: %s', (line, text) => {
    expect(normalise(line, { attempt: '4711.2', sources: ['buildrump.sh', 'src'] })).toBe(text)
  })

  test('a short host name is no placeholder, because it is also a word', () => {
    expect(normalise('an error in a', { hostName: 'a' })).toBe('an error in a')
  })

  test('has at most 300 characters, and does not end in half a character', () => {
    const text = normalise(`x${'😀'.repeat(400)}`)
    expect([text.length, text.isWellFormed()]).toEqual([299, true])
  })

  test.each([
    'a'.repeat(2048),
    '/'.repeat(2048),
    '/a'.repeat(1024),
    '1'.repeat(2048),
    '1.'.repeat(1024),
    '1:'.repeat(1024),
    'a:1'.repeat(680),
    ':'.repeat(2048),
    'f:'.repeat(1024),
    '::1'.repeat(680),
    '[a:1: '.repeat(340),
    ' (@INC'.repeat(340),
    '2026-11-28 '.repeat(180),
    'https://'.repeat(256),
    'C:\\a'.repeat(512),
    '0'.repeat(1024) + 'a'.repeat(1024),
    'Nov '.repeat(512),
    'x86_64-'.repeat(290),
    'arm-a'.repeat(400),
  ])('of a hostile line needs less than 5 ms: %.20s', line => {
    normalise(line, texts)
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now()
      normalise(line, texts)
      return performance.now() - start
    })
    expect(Math.min(...times)).toBeLessThan(5)
  })
})

describe('the symbol of a message', () => {
  test.each([
    ["sys/rump/vm.c: error: 'uvmexp' undeclared (first use in this function)", 'uvmexp'],
    ["vm.c: error: use of undeclared identifier 'uvmexp'", 'uvmexp'],
    ["bin/ld: <tmp>: in function 'main':a.c: undefined reference to 'rump_init'", 'rump_init'],
    ['ld.lld: error: undefined symbol: rump_init', 'rump_init'],
    ['"t.c", line <n>: 1506-045 (S) Undeclared identifier strlcpy.', 'strlcpy'],
    ['"lib/foo.c", line <n>: undefined symbol: AF_INET6', 'AF_INET6'],
    ['./net/dial.go: undefined: syscall.SO_REUSEPORT', 'syscall.SO_REUSEPORT'],
    ["error[E0425]: cannot find value 'x1' in this scope", 'x1'],
    ["a.c: error: expected ';' before 'return'", undefined],
    ['a.c: error: \'int\' is no pointer in "x.c"', undefined],
    ['no quotes', undefined],
  ])('of %s', (text, symbol) => expect(symbolOf(text)).toBe(symbol))
})

test('the fingerprint has 32 hexadecimal digits and depends on the rule and on the text', () => {
  expect(fingerprint('C1', 'a.c: error: x')).toMatch(/^[0-9a-f]{32}$/)
  const all = [fingerprint('C1', 'a'), fingerprint('C2', 'a'), fingerprint('C1', 'b'), fingerprint('C1', 'a')]
  expect(new Set(all).size).toBe(3)
})
