// The tests of the demo's projects, as their programs print them to the log.

export interface FailedTest {
  test: string
  /** The test's own words. */
  lines: string[]
  /** The test does not end. */
  hangs?: boolean
}

const subjects = [
  'vnode',
  'pipe',
  'sysctl',
  'mbuf',
  'pool',
  'callout',
  'lock',
  'file',
  'signal',
  'clock',
  'buf',
  'namei',
  'ioctl',
]
const aspects = ['basic', 'limits', 'threads']
const usual = subjects.flatMap(subject => aspects.map(aspect => `t_${subject}_${aspect}`))

const calls = ['bind', 'listen', 'connect', 'accept', 'send', 'receive', 'shutdown', 'close', 'poll']
const sockets = ['a TCP socket', 'a UDP socket', 'an IPv6 socket', 'a local socket', 'a raw socket', 'a routing socket']

/** The names of the tests, in the order in which they run. */
const testsOf: Record<string, readonly string[]> = {
  base: [...usual, 't_sysctl_byteorder', 't_timer_drift'].sort(),
  legacy: [...subjects.slice(0, 10).map(subject => `t_compat_${subject}`), 't_sections', 't_stdio'].sort(),
  tools: [
    ...['ifconfig', 'route', 'ping', 'sysctl', 'mount', 'df', 'ls', 'cat'].flatMap(tool => [
      `t_${tool}`,
      `t_${tool}_errors`,
    ]),
  ],
  wide: [
    ...sockets.flatMap(socket => calls.map(call => `${call} on ${socket}`)),
    ...['accept IPv4 on an IPv6 socket', 'the default route has the lowest metric'],
    ...['routing messages arrive for an hour', 'a timer fires in time'],
  ],
}

/** All lines of a run of the project's tests, without make's own lines. `wide` prints TAP, the others print Automake's words. */
export function testLines(project: string, failed: FailedTest | undefined): string[] {
  const tests = testsOf[project] ?? []
  const count = failed?.hangs ? tests.indexOf(failed.test) + 1 : tests.length
  const lines = tests.slice(0, count).flatMap((test, index) => {
    if (test !== failed?.test) return [project === 'wide' ? `ok ${index + 1} - ${test}` : `PASS: ${test}`]
    if (failed.hangs) return [`# ${test} …`]
    return project === 'wide'
      ? [`not ok ${index + 1} - ${test}`, ...failed.lines.map(line => `# ${line}`)]
      : [`FAIL: ${test}`, ...failed.lines.map(line => `  ${line}`)]
  })
  const [good, bad] = [tests.length - (failed ? 1 : 0), failed ? 1 : 0]
  if (project === 'wide') return [`1..${tests.length}`, ...lines]
  return failed?.hangs ? lines : [...lines, `# TOTAL: ${tests.length}`, `# PASS:  ${good}`, `# FAIL:  ${bad}`]
}

export const failedTests = {
  'byte-order': {
    test: 't_sysctl_byteorder',
    lines: ['t_sysctl.c:188: hw.machine_word: expected 0x01020304, read 0x04030201'],
  },
  route: { test: 'the default route has the lowest metric', lines: ['got: 10.0.2.2', 'expected: 10.0.2.1'] },
  ipv6: { test: 'accept IPv4 on an IPv6 socket', lines: ['connect: Connection refused (errno 61)'] },
  hang: { test: 'routing messages arrive for an hour', lines: [], hangs: true },
  'long-run': { test: 'routing messages arrive for an hour', lines: ['no message for 600 s'] },
  elf: { test: 't_sections', lines: ['t_sections.c:30: the program is PE-COFF, expected ELF'] },
  'base-timers': { test: 't_timer_drift', lines: ['t_timer.c:77: the timer fired 214 ms late, the limit is 200 ms'] },
  'wide-timers': { test: 'a timer fires in time', lines: ['214 ms late, the limit is 200 ms'] },
} satisfies Record<string, FailedTest>
