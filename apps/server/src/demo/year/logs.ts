// The logs of the demo farm's newest jobs.
import { type ErrorContext, type ErrorKind, errors, makeFails } from './errors.ts'
import { bigEndian, type DemoHost, runs } from './hosts.ts'
import type { DemoProject } from './projects.ts'
import { type FailedTest, failedTests, testLines } from './tests.ts'

export interface LogRequest {
  project: DemoProject
  host: DemoHost
  arch: string
  variant: string
  commit: string
  /** The name of the attempt, such as `4711.1`. */
  attempt: string
  /** How many steps ended or began. */
  steps: number
  /** The error that ended the last of these steps. */
  error?: ErrorKind | undefined
}

export interface DemoLog {
  bytes: Buffer
  /** The size of the log at the end of each step. */
  ends: number[]
}

export function writeLog(request: LogRequest): DemoLog {
  const { project, host, arch, attempt, steps, error } = request
  const context: ErrorContext = {
    system: host.system,
    arch,
    compiler: host.compiler,
    work: `/home/farm/work/attempt-${attempt}`,
  }
  const parts = project.steps.slice(0, steps).map((step, index) => {
    const failed = index === steps - 1 ? error : undefined
    const lines =
      step === 'tests'
        ? testsOf(request, context, failed)
        : [...stepLines(step, request, context), ...toolError(failed, context)]
    return Buffer.from(`${lines.join('\n')}\n`)
  })
  let size = 0
  const ends = parts.map(part => {
    size += part.length
    return size
  })
  return { bytes: Buffer.concat(parts), ends }
}

const files = [
  'attach',
  'buf',
  'clock',
  'conf',
  'copy',
  'counters',
  'dispatch',
  'file',
  'hash',
  'inet',
  'lock',
  'mbuf',
  'node',
  'pool',
  'queue',
  'route',
  'signal',
  'socket',
  'sysctl',
  'timer',
]

function stepLines(
  step: string,
  { project, host, arch, variant, commit }: LogRequest,
  { work }: ErrorContext,
): string[] {
  const cc = arch === host.native ? 'cc' : `${arch}-unknown-${host.system.toLowerCase()}-cc`
  switch (step) {
    case 'fetch':
      return [`+ sh fetch-sources.sh`, `unpacking ${project.name}-${commit.slice(0, 7)}`, '214 files']
    case 'configure':
      return [
        `+ ./configure --enable-${variant}`,
        `checking for ${cc}... ${cc}`,
        `checking version of ${cc}... ${host.compiler}`,
        ...['stdint.h', 'sys/param.h', 'poll.h', 'pthread.h'].map(header => `checking for ${header}... yes`),
        `checking whether the target is big-endian... ${bigEndian.has(arch) ? 'yes' : 'no'}`,
        'config.status: creating Makefile',
      ]
    case 'build':
      return files.flatMap((file, index) => [
        `${cc} -O2 -g -Wall -Wextra -Werror=implicit -I${work}/src/include ${variant === 'static' ? '' : '-fPIC '}-c ${project.folder}/${file}.c -o ${project.folder}/${file}.o`,
        ...(index % 7 === 3
          ? [`${project.folder}/${file}.c:${40 + index * 3}:12: warning: unused parameter 'flags' [-Wunused-parameter]`]
          : []),
      ])
    case 'install':
      return [
        'install -d dest/lib dest/include',
        'install -m 644 librump.a librump.so dest/lib',
        'install -m 644 include/rump/*.h dest/include',
      ]
    case 'links':
      return ['checking 318 links', '300 of 318 links are inside the manual']
    default:
      return []
  }
}

const toolError = (error: ErrorKind | undefined, context: ErrorContext): string[] =>
  error !== undefined && error in errors ? errors[error as keyof typeof errors](context) : []

function testsOf({ project, host, arch }: LogRequest, context: ErrorContext, error: ErrorKind | undefined): string[] {
  if (!runs(host, arch)) return ['+ make check', `built only: nothing runs ${arch} programs here`]
  const failed: FailedTest | undefined =
    error === undefined ? undefined : failedTests[error as keyof typeof failedTests]
  const ending = failed && !failed.hangs ? makeFails(context, 'check', 301) : []
  return ['+ make check', ...testLines(project.name, failed), ...ending]
}
