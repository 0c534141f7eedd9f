import { describe, expect, test } from 'vitest'
import { classify, classifyPosition } from './candidates.rule.ts'
import { filterTexts, rulePatterns } from './patterns.rule.ts'

const ruleOf = (line: string) => (classify(1, line) ?? classifyPosition(1, line))?.rule

/** Lines as the tools print them, with the rule that must find the line. */
const samples: [rule: string | undefined, line: string][] = [
  ['C1', '/home/farm/work/4711.2/src/sys/rump/vm.c:1123:7: error: ‘uvmexp’ undeclared (first use in this function)'],
  ['C1', 'main.c:1:10: fatal error: zlib.h: No such file or directory'],
  ['C1', 'insn-emit.c:4:1: internal compiler error: Segmentation fault'],
  ['C1', 'x.S:12: Error: no such instruction: `vmovapd %ymm0,%ymm1`'],
  ['C1', 'Foo.java:3: error: cannot find symbol'],
  ['C1', 'gram.y:12.5-7: error: syntax error, unexpected string'],
  ['C1', 'C:/msys/src/a.c:3:2: error: expected identifier'],
  ['C2', '"t.c", line 5: undefined symbol: AF_INET6'],
  ['C2', '"t.c", line 5: Error #266: identifier "x" is undefined'],
  ['C2', '"t.c", line 3.5: 1506-045 (S) Undeclared identifier strlcpy.'],
  ['C2b', 'cc: "t.c", line 5: error 1588: "x" undefined.'],
  ['C3', "src\\t.c(12): error C2065: 'x': undeclared identifier"],
  ['C3', "src/app.ts(3,5): error TS2304: Cannot find name 'x'."],
  ['C4', 'cc-1020 cc: ERROR File = t.c, Line = 5'],
  ['C4', 'cc: Severe: t.c, line 1: Cannot find file <x.h> specified in #include directive. (noinclfilef)'],
  ['C4', 'cc: Error: t.c, line 5: In this statement, "x" is not declared. (undeclared)'],
  ['C5', "/usr/bin/ld: /tmp/ccQ1aZ7x.o: in function `main': a.c:12: undefined reference to `rump_init'"],
  ['C6', 'ld: fatal: file /usr/lib/sparcv9/libm.so: wrong ELF class: ELFCLASS64'],
  ['C6', 'ld.lld: error: undefined symbol: rump_init'],
  ['C6', 'ld: 0711-317 ERROR: Undefined symbol: .rump_init'],
  ['C6', '/usr/local/bin/x86_64-elf-ld: error: cannot open crt0.o'],
  ['C7', 'Undefined symbols for architecture x86_64:'],
  ['C7', 'Undefined\t\t\tfirst referenced'],
  ['C7', '/usr/ccs/bin/ld: Unsatisfied symbols:'],
  ['C7', "b.o:(.bss+0x0): multiple definition of `x'; a.o:(.bss+0x0): first defined here"],
  ['C7', '/usr/bin/ld: cannot find -lrump'],
  ['C7', '/usr/bin/ld: cannot find crt1.o: No such file or directory'],
  ['C8', 'configure: error: C compiler cannot create executables'],
  ['C8', './configure: line 300: test: argument expected'],
  ['C8', './configure[12]: gmake:  not found'],
  ['C9', 'CMake Error at CMakeLists.txt:3 (find_package):'],
  ['C10', "meson.build:1:0: ERROR: Unknown compiler(s): [['cc']]"],
  ['C10', 'ERROR: could not find the sources in /usr/src'],
  ['C11', 'error[E0425]: cannot find value `x1` in this scope'],
  ['C11', "error: pathspec 'nosuch' did not match any file(s) known to git"],
  ['C12', "gmake[2]: *** No rule to make target `x.h', needed by `x.o'.  Stop."],
  ['C12', "nbmake[3]: don't know how to make /usr/src/sys/arch/i386/compile/opt_ddb.h. Stop"],
  ['C12', "make: Fatal error: Don't know how to make target `x.h'"],
  ['C11', "fatal: repository 'https://forge.example/x' not found"],
  ['C12', "ninja: error: 'x.c', needed by 'x.o', missing and no known rule to make it"],
  ['C13', "Can't locate Test/More.pm in @INC (@INC contains: /usr/lib/perl5) at t/01.t line 3."],
  ['C13', 'Global symbol "$x" requires explicit package name at t.pl line 3.'],
  ['C14', './buildrump.sh: line 412: gmake: command not found'],
  ['C14', 'x.sh: 7: Syntax error: "(" unexpected'],
  ['C14', "x.sh: syntax error at line 7: `(' unexpected"],
  ['C14', 'sh: gmake: not found'],
  ['C14', './run: ./prog: Exec format error'],
  ['C14', 'x.sh[7]: foo: Permission denied'],
  ['C15', "ModuleNotFoundError: No module named 'yaml'"],
  ['C15', "Error: Cannot find module 'nosuch'"],
  ['C16', 'sparc64-linux-gnu-gcc: error: unrecognized command-line option ‘-mfoo’'],
  ['C16', 'panic: runtime error: index out of range [3] with length 3'],
  ['C16', 'Exception in thread "main" java.lang.NullPointerException'],
  ['C16', 'npm error Missing script: "build"'],
  ['C17', "a.out: t.c:5: main: Assertion `x == 1' failed."],
  ['C17', 'assertion "x == 1" failed: file "t.c", line 5, function "main"'],
  ['C17', '==31337==ERROR: AddressSanitizer: heap-use-after-free on address 0x60200000eff4 at pc 0x4f1a2b'],
  ['C17', 't.c:3:5: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented'],
  ['C18', 'Segmentation fault (core dumped)'],
  ['C18', './run.sh: line 3:  4711 Bus error               ./prog'],
  ['C18', 'Memory fault(coredump)'],
  ['C19', "vm.c:1123: parse error before `*'"],
  ['C19', './net/dial.go:204:13: undefined: syscall.SO_REUSEPORT'],
  ['T1', 'not ok 14 - reads 4096 bytes in 0.31 s'],
  ['T1', '    not ok 2 - nested'],
  ['T2', '[  FAILED  ] Foo.Bar (3 ms)'],
  ['T3', '--- FAIL: TestDial (0.00s)'],
  ['T3', '    --- FAIL: TestDial/ipv6 (0.00s)'],
  ['T4', 'FAILED tests/test_x.py::test_one - assert 1 == 2'],
  ['T4', 'ERROR tests/test_y.py::test_two - fixture'],
  ['T5', 'FAIL: t_vfs.sh'],
  ['T5', 'XPASS: gcc.dg/pr1.c (test for excess errors)'],
  ['T5', 'ERROR: t_server.sh'],
  ['T6', 'net/t_icmp:ping  ->  failed: ping exited with 1  [0.3s]'],
  ['T7', '\t  3 - rump_vfs (Failed)'],
  ['T7', '  4 - rump_net (SEGFAULT)'],
  ['T8', 'test net::tests::dials ... FAILED'],
  ['K1', 'gmake[2]: *** [Makefile:218: ld.so] Error 1'],
  ['K1', 'make: *** [all] Segmentation fault'],
  ['K2', '*** [vm.o] Error code 1'],
  ['K2', '*** Error code 1 (continuing)'],
  ['K2', '*** Signal 11'],
  ['K3', "*** Error 1 in /usr/src/lib/libc (Makefile:5 'all': @false)"],
  ['K4', "make: Fatal error: Command failed for target `vm.o'"],
  ['K5', 'FAILED: src/vm.o '],
  ['K5', 'FAILED: [code=1] src/vm.o'],
  ['K6', 'collect2: error: ld returned 1 exit status'],
  ['K6', 'clang: error: linker command failed with exit code 1 (use -v to see invocation)'],
  ['K6', 'error: could not compile `rump` (lib) due to 1 previous error'],
  ['K6', 'nbmake[1]: stopped in /usr/src/lib'],
  ['K6', 'make: stopped making "all" in /usr/src'],
  ['K6', 'FAIL\tgithub.com/x/y\t0.01s'],
  ['A1', 'cp: /obj/x: No space left on device'],
  ['A1', 'cc1: out of memory allocating 65536 bytes after a total of 1 bytes'],
  ['A2', 'Killed'],
  ['A2', '/usr/sbin/build: line 12:  4711 Killed                  make'],
  ['A2', 'tool: Killed signal terminated program cc1plus'],
  ['A3', 'curl: (6) Could not resolve host: forge.example'],
  ['A3', 'make: warning:  Clock skew detected.  Your build may be incomplete.'],
  ['A3', 'ping: forge.example: Name or service not known'],
]

test.each(samples)('%s finds: %s', (rule, line) => expect(ruleOf(line)).toBe(rule))

test('each rule has a sample, and each sample contains a text of the filter', () => {
  const rules = new Set(samples.map(([rule]) => rule))
  expect(Object.keys(rulePatterns).filter(rule => !rules.has(rule))).toEqual([])
  const unseen = samples.filter(([rule, line]) => rule !== 'C19' && !filterTexts.some(text => line.includes(text)))
  expect(unseen).toEqual([])
})

/** Lines that contain a word of an error, although nothing failed. */
const falseFriends = [
  'cc -O2 -Wall -Werror -c error.c -o error.o',
  'gcc -Wno-error=format -Werror=implicit -c x.c',
  'gcc: -Werror is ignored',
  'fatal: not a git repository (or any of the parent directories): .git',
  'fatal: No names found, cannot describe anything.',
  'checking for error_at_line... no',
  'checking whether errno is declared in error.h... yes',
  'x.c:3:5: warning: unused variable ‘x’ [-Werror=unused-variable]',
  'x.c:3:5: note: each undeclared identifier is reported only once',
  '"t.c", line 5: warning: statement not reached',
  '"t.c", line 3.5: 1506-196 (W) Initialization between types is not allowed.',
  '0 errors, 0 warnings',
  'Build finished with 0 errors',
  'non-fatal error: retrying the download',
  'make[1]: *** [clean] Error 1 (ignored)',
  'gmake: [clean] Error 1 (ignored)',
  '*** Error code 1 (ignored)',
  'ok 3 - prints error: x',
  'ok 4 - not ok is not printed',
  'not ok 4 - needs a terminal # TODO',
  'not ok 5 # SKIP no network',
  'Makefile:4: Foo.mk: No such file or directory',
  '+ echo error:',
  '+ test -n ERROR: x',
  '    at Object.<anonymous> (/src/x.js:3:5)',
  '    raise ValueError(message)',
  '  File "x.py", line 3, in <module>',
  'In file included from x.h:3,',
  'x.c: In function ‘main’:',
  'PASS: t_error.sh',
  'XFAIL: t_known.sh',
  'test error::tests::prints ... ok',
  '[       OK ] Error.Prints (0 ms)',
  '--- PASS: TestError (0.00s)',
  'compile  librump/kern_error.o',
  '   Compiling thiserror v1.0.0',
  'The default handler prints "error: " before each message.',
  '100% tests passed, 0 tests failed out of 12',
]

test.each(falseFriends)('no rule finds: %s', line => expect(ruleOf(line)).toBeUndefined())

const hostile = [
  'a'.repeat(2048),
  ' '.repeat(2048),
  '/'.repeat(2048),
  '-'.repeat(2048),
  ':'.repeat(2048),
  '"'.repeat(2048),
  '1'.repeat(2048),
  'a:'.repeat(1024),
  'a-'.repeat(1024),
  'a: '.repeat(682),
  '"a", line 1'.repeat(186),
  'make[1]: '.repeat(227),
  `${'a/'.repeat(1000)}make[`,
  `${'x'.repeat(300)}:1`.repeat(6),
  `not ok ${'# TOD'.repeat(400)}`,
  `syntax error ${' at x line'.repeat(200)}`,
  'runtime error '.repeat(146),
  'Assertion `'.repeat(186),
  'undefined reference to '.repeat(89),
  `*** [${'x'.repeat(2000)}`,
  'ld: error'.repeat(227),
  `test ${'x ... '.repeat(340)}`,
  `Undefined${' '.repeat(2000)}`,
]

describe('a line of 2,048 characters that is made to be slow', () => {
  const slowest = (pattern: RegExp) => Math.max(...hostile.map(line => quickest(pattern, line)))

  test.each(Object.entries(rulePatterns))('rule %s needs less than 0.1 ms', (_rule, pattern) => {
    for (const line of hostile) pattern.test(line)
    expect(slowest(pattern)).toBeLessThan(0.1)
  })
})

/** The milliseconds of the quickest of several runs, because other processes disturb the others. */
function quickest(pattern: RegExp, line: string): number {
  const times = Array.from({ length: 15 }, () => {
    const start = performance.now()
    pattern.test(line)
    return performance.now() - start
  })
  return Math.min(...times)
}
