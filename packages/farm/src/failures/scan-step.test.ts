import { describe, expect, test } from 'vitest'
import { type ScanOptions, scanStep } from './scan-step.ts'
import { headBytesMax, tailBytesMax } from './step-log.ts'

async function* chunksOf(text: string | Uint8Array, size = 65_536) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const scan = (log: string | Uint8Array, options: Partial<ScanOptions> = {}, size?: number) =>
  scanStep(chunksOf(log, size), { step: 'build', exit: 1, ...options })

const texts = { folders: ['/home/farm/work/4711.2'] }
const noise = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => `compile  librump/file${from + index}.o\n`).join('')

interface Sample {
  name: string
  log: string
  rule: string
  /** The beginning of the line that wins. */
  message: string
  others?: string[]
  excerptStart?: string
}

/** Logs of real tools, shortened. */
const logs: Sample[] = [
  {
    name: 'make -j: another file fails before the failed target is printed',
    log: `cc -Werror -c a.c
cc -Werror -c b.c
b.c: In function ‘b’:
b.c:7:3: error: ‘second’ undeclared (first use in this function)
a.c: In function ‘a’:
a.c:3:3: error: ‘first’ undeclared (first use in this function)
    3 |   first();
a.c:9:3: error: ‘third’ undeclared (first use in this function)
make: *** [Makefile:3: a.o] Error 1
make: *** Waiting for unfinished jobs....
make: *** [Makefile:3: b.o] Error 1
`,
    rule: 'C1',
    message: 'a.c:3:3: error: ‘first’',
    excerptStart: 'a.c: In function ‘a’:',
  },
  {
    name: 'Ninja prints the failed target before the output',
    log: `[1/9] cc -c old.c
old.c:1:1: error: an old line of a probe
[7/9] cc -c -o vm.o ../vm.c
FAILED: vm.o
cc -c -o vm.o ../vm.c
In file included from ../vm.h:3,
                 from ../vm.c:1:
../uvm.h:12:5: error: unknown type name ‘vaddr_t’
../vm.c:40:1: error: conflicting types for ‘uvm_init’
ninja: build stopped: subcommand failed.
`,
    rule: 'C1',
    message: '../uvm.h:12:5: error: unknown type name',
    excerptStart: 'In file included from ../vm.h:3,',
  },
  {
    name: 'configure ends with its last error',
    log: `checking for error_at_line... no
./configure: line 2112: pkg-config: command not found
checking for zlib... no
configure: error: zlib is required
See \`config.log' for more details
configure: error: ./configure failed for lib
`,
    rule: 'C8',
    message: 'configure: error: ./configure failed for lib',
  },
  {
    name: 'nested BSD make',
    log: `--- vm.o ---
#   compile  librump/vm.o
/home/farm/work/4711.2/src/sys/rump/vm.c:1123:7: error: 'uvmexp' undeclared (first use in this function)
*** [vm.o] Error code 1

nbmake[3]: stopped in /home/farm/work/4711.2/src/sys/rump
1 error

nbmake[3]: stopped in /home/farm/work/4711.2/src/sys/rump
*** [dependall-sys] Error code 2

nbmake[2]: stopped in /home/farm/work/4711.2/src
>> ERROR:
>> build failed
`,
    rule: 'C1',
    message: '/home/farm/work/4711.2/src/sys/rump/vm.c:1123:7: error: ',
  },
  {
    name: 'Solaris make with Sun Studio',
    log: `cc -c t.c
"t.c", line 5: warning: statement not reached
"t.c", line 9: undefined symbol: AF_INET6
cc: acomp failed for t.c
*** Error code 2
make: Fatal error: Command failed for target \`t.o'
`,
    rule: 'C2',
    message: '"t.c", line 9: undefined symbol: AF_INET6',
  },
  {
    name: 'Solaris linker: the symbol is two lines below the heading',
    log: `cc -o t t.o
Undefined                       first referenced
 symbol                             in file
rump_init                           t.o
ld: fatal: symbol referencing errors. No output written to t
*** Error code 1
`,
    rule: 'C7',
    message: 'Undefined                       first referenced rump_init',
  },
  {
    name: 'the linker of macOS: the symbol is in the next line',
    log: `Undefined symbols for architecture arm64:
  "_rump_init", referenced from:
      _main in main.o
ld: symbol(s) not found for architecture arm64
clang: error: linker command failed with exit code 1 (use -v to see invocation)
make: *** [t] Error 1
`,
    rule: 'C7',
    message: 'Undefined symbols for architecture arm64: "_rump_init", referenced from:',
  },
  {
    name: 'GNU ld: the first of several undefined symbols',
    log: `/usr/bin/ld: main.o: in function \`main':
main.c:(.text+0x5): undefined reference to \`rump_init'
/usr/bin/ld: main.c:(.text+0xf): undefined reference to \`rump_sys_open'
collect2: error: ld returned 1 exit status
make: *** [Makefile:2: t] Error 1
`,
    rule: 'C5',
    message: "main.c:(.text+0x5): undefined reference to `rump_init'",
    others: ["/usr/bin/ld: main.c:(.text+0xf): undefined reference to `rump_sys_open'"],
    excerptStart: "/usr/bin/ld: main.o: in function `main':",
  },
  {
    name: 'CMake: the reason is below the heading',
    log: `-- The C compiler identification is GNU 12.2.0
CMake Error at CMakeLists.txt:3 (find_package):

  Could not find a package configuration file provided by "Rump"
-- Configuring incomplete, errors occurred!
`,
    rule: 'C9',
    message: 'CMake Error at CMakeLists.txt:3 (find_package): Could not find a package',
  },
  {
    name: 'kyua',
    log: `net/t_icmp:flood  ->  passed  [0.1s]
net/t_icmp:ping  ->  failed: ping exited with 1  [0.3s]
net/t_tcp:connect  ->  broken: Empty test result  [0.0s]
5/7 passed (2 failed)
`,
    rule: 'T6',
    message: 'net/t_icmp:ping  ->  failed',
    others: ['net/t_tcp:connect  ->  broken: Empty test result  [0.0s]'],
  },
  {
    name: 'TAP with errors that a test prints on purpose',
    log: `1..4
ok 1 - starts
# error: this is printed on purpose
error: no such file
not ok 2 - needs a network # TODO
not ok 3 - reads 4096 bytes in 0.31 s
not ok 4 - writes
make: *** [check] Error 1
`,
    rule: 'T1',
    message: 'not ok 3 - reads',
    others: ['not ok 4 - writes'],
  },
  {
    name: 'pytest',
    log: `tests/test_x.py F.
    def test_one():
>       assert 1 == 2
E       assert 1 == 2
tests/test_x.py:2: AssertionError
=========== short test summary info ===========
FAILED tests/test_x.py::test_one - assert 1 == 2
======= 1 failed, 1 passed in 0.02s =======
`,
    rule: 'T4',
    message: 'FAILED tests/test_x.py::test_one',
  },
  {
    name: 'go test',
    log: `=== RUN   TestDial
    dial_test.go:12: want 3, got 4
--- FAIL: TestDial (0.00s)
FAIL
FAIL\tforge.example/net\t0.004s
FAIL
`,
    rule: 'T3',
    message: '--- FAIL: TestDial (0.00s)',
  },
  {
    name: 'go build',
    log: `# forge.example/net
./dial.go:204:13: undefined: syscall.SO_REUSEPORT
FAIL\tforge.example/net [build failed]
`,
    rule: 'C19',
    message: './dial.go:204:13: undefined: syscall.SO_REUSEPORT',
  },
  {
    name: 'GCC 2',
    log: `gcc -c vm.c
vm.c: In function \`uvm_init':
vm.c:1123: warning: implicit declaration of function \`foo'
vm.c:1124: parse error before \`*'
gmake: *** [vm.o] Error 1
`,
    rule: 'C19',
    message: "vm.c:1124: parse error before `*'",
    excerptStart: "vm.c: In function `uvm_init':",
  },
  {
    name: 'Python: the last exception of a chain',
    log: `Traceback (most recent call last):
  File "x.py", line 3, in <module>
KeyError: 'cc'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "x.py", line 5, in <module>
RuntimeError: no compiler
`,
    rule: 'C15',
    message: 'RuntimeError: no compiler',
  },
  {
    name: 'a compiler error before a failed test',
    log: `t.c:3:1: error: unknown type name 'x'
FAIL: t_other
`,
    rule: 'C1',
    message: 't.c:3:1: error',
  },
  {
    name: 'make without a cause',
    log: `./generate
gmake[1]: *** [Makefile:12: table.h] Error 3
gmake[1]: Leaving directory '/src'
`,
    rule: 'K1',
    message: 'gmake[1]: *** [Makefile:12: table.h] Error 3',
  },
  {
    name: 'a full disk says more than the line of make below it',
    log: `cat a b > c
cat: write error: No space left on device
make: *** [Makefile:2: c] Error 1
`,
    rule: 'A1',
    message: 'cat: write error: No space left on device',
  },
  {
    name: 'no rule finds a line: the last lines',
    log: `starting
the server does not answer

gmake[1]: Leaving directory '/src'
real    0m1.204s
`,
    rule: 'last-lines',
    message: 'the server does not answer',
  },
]

describe('the line that wins', () => {
  test.each(logs)('$name', async ({ log, rule, message, others, excerptStart }) => {
    const failure = await scan(log, { texts })
    expect(failure.rule).toBe(rule)
    expect(failure.message.slice(0, message.length)).toBe(message)
    const lines = log.split('\n')
    const start = failure.excerpt.firstLine - 1
    expect(failure.excerpt.lines).toEqual(lines.slice(start, start + failure.excerpt.lines.length))
    if (rule !== 'C7' && rule !== 'C9') expect(lines[(failure.line ?? 0) - 1]).toBe(failure.message)
    if (others) expect(failure.others.map(({ text }) => text)).toEqual(others)
    if (excerptStart) expect(failure.excerpt.lines[0]).toBe(excerptStart)
  })

  test('of a cause more than 400 lines above the failed target is the first cause of the step', async () => {
    const log = `x.c:1:1: error: far\n${noise(410)}y.c:1:1: error: near\nmake: *** [y.o] Error 1\nz.c:1: error: late\n`
    expect(await scan(log)).toMatchObject({ message: 'y.c:1:1: error: near', line: 412, errors: 3 })
    expect(await scan(`x.c:1:1: error: far\n${noise(410)}make: *** [y.o] Error 1\n`)).toMatchObject({ line: 1 })
  })
})

describe('the excerpt', () => {
  test('has 3 lines before the line that wins and 12 after it, with their numbers in the log', async () => {
    const log = `${noise(10)}x.c:1:1: error: y\n${noise(20, 11)}`
    const { line, excerpt } = await scan(log, { firstLine: 1001 })
    expect([line, excerpt.firstLine, excerpt.lines.length]).toEqual([1011, 1008, 16])
    expect([excerpt.lines[3], excerpt.lines.at(-1)]).toEqual(['x.c:1:1: error: y', 'compile  librump/file22.o'])
  })

  test('keeps 500 characters of a long line', async () => {
    const { excerpt } = await scan(`${'x'.repeat(9000)}\nx.c:1:1: error: y\n`)
    expect(excerpt.lines.map(({ length }) => length)).toEqual([500, 17])
  })
})

describe('other errors', () => {
  test('are at most ten with different texts, and all errors are counted', async () => {
    const errors = Array.from({ length: 30 }, (_, index) => `x.c:${index}:1: error: 'name${index % 15}' undeclared\n`)
    const failure = await scan(errors.join(''))
    expect(failure.others.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(failure.errors).toBe(30)
  })
})

describe('a timeout', () => {
  test('shows the last lines, and all timeouts of a step have one fingerprint', async () => {
    const one = await scan(`x.c:1:1: error: y\n${noise(30)}linking 17\n`, { timedOut: true, exit: null })
    const other = await scan('linking 18\n', { timedOut: true, exit: null })
    const silent = await scan('', { timedOut: true, exit: null })
    expect(one).toMatchObject({ rule: 'timeout', message: 'linking 17', line: 32, text: 'timed out: build', errors: 0 })
    expect(one.excerpt.lines).toHaveLength(10)
    expect(silent).toMatchObject({ message: 'timed out: build', line: null, excerpt: { lines: [] } })
    expect(new Set([one, other, silent].map(failure => failure.fingerprint)).size).toBe(1)
    const tests = await scan('', { timedOut: true, exit: null, step: 'tests' })
    expect(tests.fingerprint).not.toBe(one.fingerprint)
  })
})

describe('a trouble of the host', () => {
  test.each([
    ['a.c:1:1: fatal error: error writing to /tmp/x: No space left on device\n', 1, true],
    [`x.c:1: error: y\n${noise(18)}cp: x: Read-only file system\n`, 1, true],
    [`x.c:1: error: y\n${noise(30)}cp: x: Read-only file system\n`, 1, false],
    ['x.c:1: error: y\n', 137, true],
    ['x.c:1: error: y\n', 2, false],
    ['Killed\n', 1, true],
  ])('%.50s with exit %i: %s', async (log, exit, fromHost) => {
    expect((await scan(log, { exit })).fromHost).toBe(fromHost)
  })
})

describe('a strange log', () => {
  const binary = Uint8Array.from({ length: 300_000 }, (_, index) => ((index * 2_654_435_761) >>> 13) & 255)

  test.each([
    ['nothing', '', null, 'no output: build, exit 1'],
    ['only newlines', '\n\n\n', null, 'no output: build, exit 1'],
    ['only escape sequences', '\x1b[0m\x1b[2K\n\x1b]0;title\x07', null, 'no output: build, exit 1'],
    ['no newline at the end', 'x.c:1:1: error: y', 1, 'x.c:1:1: error: y'],
    ['CR LF', 'a\r\nx.c:1:1: error: y\r\nb\r\n', 2, 'x.c:1:1: error: y'],
    ['a progress bar', 'a\n10%\r20%\rx.c:1:1: error: y\n', 2, 'x.c:1:1: error: y'],
    ['an overwritten error', 'x.c:1:1: error: y\rall is well\n', 1, 'all is well'],
    ['colours in a word', '\x1b[1mx.c:1:1:\x1b[0m \x1b[31mer\x1b[0mror: y\x1b[K\n', 1, 'x.c:1:1: error: y'],
    ['NUL bytes', 'x.c:1:1: error: a\0b\n', 1, 'x.c:1:1: error: ab'],
    ['wrong UTF-8', Buffer.from('x.c:1:1: error: \xff\xfe\n', 'latin1'), 1, 'x.c:1:1: error: \uFFFD\uFFFD'],
    ['an error beyond the 2,048th character', `${'a '.repeat(1500)}undefined reference to 'x'\n`, 1, undefined],
  ])('%s', async (_name, log, line, message) => {
    const failure = await scan(log)
    expect(failure.line).toBe(line)
    if (message) expect(failure.message).toBe(message)
    const stored = JSON.stringify(failure)
    expect([stored.includes('\\u0000'), stored.isWellFormed()]).toEqual([false, true])
  })

  test.each([1, 2, 3, 7, 1000])('binary data in chunks of %i bytes gives the same result', async size => {
    const part = binary.subarray(0, size < 8 ? 5000 : undefined)
    expect(await scan(part, {}, size)).toEqual(await scan(part))
  })

  test('a chunk that ends inside a line or a character changes nothing', async () => {
    const log = `${noise(3)}x.c:1:1: error: ‘é😀’ undeclared\nmake: *** [x.o] Error 1\n`
    const whole = await scan(log)
    for (const size of [1, 2, 3, 5, 8]) expect(await scan(log, {}, size)).toEqual(whole)
  })
})

describe('a long log', () => {
  test('of more than 10 MiB is searched at its beginning and at its end, and the lines keep their numbers', async () => {
    const line = `${'x'.repeat(99)}\n`
    const lines = Math.ceil((headBytesMax + tailBytesMax) / 100) + 5000
    const middle = `${line.repeat(headBytesMax / 100 + 1000)}m.c:1:1: error: middle\n`
    const log = `${middle}${line.repeat(lines)}e.c:1:1: error: end\n`
    const failure = await scan(log)
    expect(failure.message).toBe('e.c:1:1: error: end')
    expect(failure.line).toBe(log.split('\n').length - 1)
    expect(failure.skippedBytes).toBe(log.length - headBytesMax - tailBytesMax)
    expect(await scan(`b.c:1:1: error: first\n${log}`)).toMatchObject({ message: 'b.c:1:1: error: first', line: 1 })
  })

  test.each([
    ['errors', 'x.c:1:1: error: y\n'],
    ['failed tests', 'FAIL: t\n'],
    ['one line', 'x error '],
    ['short lines', 'a\n'],
    ['colours', '\x1b[31mx\x1b[0m\n'],
    ['open sequences', '\x1b]'],
    ['carriage returns', 'a\r'],
    ['paths', '/a/b/c.c:1: '],
  ])('of %s needs a time that grows with its length only', async (_name, text) => {
    const time = async (bytes: number) => {
      const log = text.repeat(bytes / text.length)
      const times: number[] = []
      for (let run = 0; run < 2; run += 1) {
        const start = process.cpuUsage().user
        await scan(log)
        times.push((process.cpuUsage().user - start) / 1000)
      }
      return Math.min(...times)
    }
    const small = await time(100_000)
    expect(await time(800_000)).toBeLessThan(8 * 4 * (small + 5))
  })
})

describe('patterns of the recipe', () => {
  const log = 'checking\n>> ERROR: the component is missing\nx.c:1:1: error: known and harmless\n'

  test('a line that matches errors: counts as an error', async () => {
    expect(await scan(log, { errors: ['^>> ERROR: '] })).toMatchObject({ rule: 'errors', line: 2, errors: 2 })
    expect(await scan('oops 3\n', { errors: ['^oops \\d+$'] })).toMatchObject({ rule: 'errors', text: 'oops <n>' })
  })

  test('an own error line that ends with a colon is a heading: the next line belongs to it', async () => {
    const failure = await scan('>> ERROR:\n>> Fix your compiler\n', { errors: ['^>> ERROR:'] })
    expect(failure).toMatchObject({ line: 1, message: '>> ERROR: >> Fix your compiler' })
  })

  test('a line that matches ignore: is no error', async () => {
    expect(await scan(log, { ignore: ['harmless$'] })).toMatchObject({ rule: 'last-lines' })
    const both = { errors: ['^>> ERROR: '], ignore: ['component'] }
    expect(await scan(log, both)).toMatchObject({ rule: 'C1', line: 3 })
  })
})
