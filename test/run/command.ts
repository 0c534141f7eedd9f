import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { failure, type TestResult } from './results.ts'

export interface Outcome {
  ok: boolean
  output: string
  seconds: number
}

/** Runs a command and returns its output. */
export const capture = async (
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> => {
  const startedAt = Date.now()
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const pieces: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => pieces.push(piece))
  const failure = once(child, 'error').then(([error]: Error[]) => String(error?.message))
  const code = await Promise.race([once(child, 'close').then(([exit]) => exit), failure])
  const output = Buffer.concat(pieces).toString()
  return { ok: code === 0, output: typeof code === 'string' ? code : output, seconds: (Date.now() - startedAt) / 1000 }
}

/** Runs a command at the same time as others, and prints its output at the end. Returns true if it succeeded. */
export const runBeside = async (
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<boolean> => {
  const { ok, output } = await capture(command, args, env)
  console.log(output.trimEnd())
  return ok
}

/** Runs a command with its output on the terminal, and returns its exit code. */
export const runVisibly = async (
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> => {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'close')
  return code ?? 1
}

/** Counts a command as one test. Prints its output only if the command fails. */
export const check = async (name: string, command: string, args: readonly string[]): Promise<TestResult[]> => {
  const { ok, output, seconds } = await capture(command, args, { TURBO_TELEMETRY_DISABLED: '1' })
  console.log(`${ok ? 'passed' : 'FAILED'}  ${name}  ${seconds.toFixed(1)} s`)
  if (!ok) console.log(output.trimEnd())
  return [ok ? { file: '', name, status: 'passed', error: '' } : failure(name, output)]
}
