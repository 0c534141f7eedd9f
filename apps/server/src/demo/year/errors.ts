// The last lines of a step that failed, as compilers, linkers and make print them.
import type { failedTests } from './tests.ts'

export interface ErrorContext {
  system: string
  arch: string
  compiler: string
  /** The work directory of the attempt. */
  work: string
}

/** What made a step fail: an error of a tool, or a test. */
export type ErrorKind = keyof typeof errors | keyof typeof failedTests

export const makeFails = ({ system, work }: ErrorContext, target: string, line: number): string[] =>
  ['NetBSD', 'FreeBSD', 'DragonFly', 'macOS'].includes(system) && system !== 'macOS'
    ? [`*** [${target}] Error code 1`, '', `make: stopped making "all" in ${work}/src`]
    : system === 'OpenBSD'
      ? [`*** Error 1 in ${work}/src (Makefile:${line} '${target}')`]
      : [`make: *** [Makefile:${line}: ${target}] Error 1`]

const caret = (line: string, column: number, number: number) => [
  `${String(number).padStart(5)} | ${line}`,
  `      | ${' '.repeat(column - 1)}^`,
]

export const errors = {
  closefrom: context => [
    "rumpctrl/spawn.c:214:9: error: call to undeclared function 'closefrom_range'; ISO C99 and later do not support implicit function declarations [-Wimplicit-function-declaration]",
    ...caret('        closefrom_range(STDERR_FILENO + 1, highest);', 9, 214),
    "rumpctrl/spawn.c:214:9: note: did you mean 'closefrom'?",
    "/usr/include/unistd.h:498:6: note: 'closefrom' declared here",
    '1 error generated.',
    ...makeFails(context, 'rumpctrl/spawn.o', 88),
  ],
  'old-linker': context => [
    `${context.work}/src/compat/stdio_lock.o: In function \`compat_lockfile':`,
    `stdio_lock.c:(.text+0x2c): undefined reference to \`__sF_mutex'`,
    `stdio_lock.c:(.text+0x61): undefined reference to \`__sF_mutex'`,
    'clang: error: linker command failed with exit code 1 (use -v to see invocation)',
    ...makeFails(context, 'libcompat.so', 140),
  ],
  atomics: context => [
    `/usr/bin/ld: ${context.work}/src/ifconfig/counters.o: in function \`count_packet':`,
    `counters.c:57: undefined reference to \`__atomic_fetch_add_8'`,
    'collect2: error: ld returned 1 exit status',
    ...makeFails(context, 'ifconfig/ifconfig', 119),
  ],
  'pointer-type': context => [
    `dev/bus_attach.c: In function 'bus_attach_children':`,
    `dev/bus_attach.c:131:38: error: passing argument 2 of 'config_found_cb' from incompatible pointer type [-Wincompatible-pointer-types]`,
    ...caret('        config_found_cb(self, child_print, aux);', 31, 131),
    `dev/bus_attach.c:88:41: note: expected 'cfprint_t' {aka 'int (*)(struct softc *, const char *)'} but argument is of type 'int (*)(void *, const char *)'`,
    ...makeFails(context, 'dev/bus_attach.o', 218),
  ],
  'no-figure': context =>
    context.system === 'macOS' || context.system === 'illumos'
      ? ["gmake: *** No rule to make target 'figures/stack.pdf', needed by 'manual.pdf'.  Stop."]
      : ["make: don't know how to make figures/stack.pdf. Stop", '', `make: stopped in ${context.work}/src/manual`],
  'no-symbol': context =>
    context.system === 'Solaris'
      ? [
          `"compat/openat.c", line 61: undefined symbol: AT_FDCWD`,
          'cc: acomp failed for compat/openat.c',
          '*** Error code 2',
          "make: Fatal error: Command failed for target `compat/openat.o'",
        ]
      : [
          `compat/openat.c: In function 'compat_openat':`,
          `compat/openat.c:61: error: 'AT_FDCWD' undeclared (first use in this function)`,
          ...makeFails(context, 'compat/openat.o', 77),
        ],
  'no-clock': () => [
    'checking for clock_gettime... no',
    'checking for mach_absolute_time... no',
    'configure: error: no monotonic clock: this system has neither clock_gettime nor mach_absolute_time',
  ],
  'dead-link': context => [
    'ERROR: manual/sources.md:14: link to https://browse.example.org/rump does not exist',
    ...makeFails(context, 'check-links', 52),
  ],
} satisfies Record<string, (context: ErrorContext) => string[]>
