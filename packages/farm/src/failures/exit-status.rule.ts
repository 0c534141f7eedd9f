const signals: Record<number, [name: string, meaning: string]> = {
  1: ['SIGHUP', 'the terminal was closed'],
  2: ['SIGINT', 'interrupted'],
  3: ['SIGQUIT', 'quit'],
  4: ['SIGILL', 'illegal instruction'],
  5: ['SIGTRAP', 'trace trap'],
  6: ['SIGABRT', 'the program ended itself, for example after a failed assertion'],
  8: ['SIGFPE', 'arithmetic error, such as a division by zero'],
  9: ['SIGKILL', 'ended from outside, often because the host had no free memory'],
  11: ['SIGSEGV', 'invalid memory access'],
  13: ['SIGPIPE', 'wrote to a closed pipe'],
  14: ['SIGALRM', 'a timer of the program expired'],
  15: ['SIGTERM', 'asked to end'],
}
// The numbers above differ in no system. These signals have other numbers in Linux than in BSD, macOS and Solaris.
const busNumbers = [7, 10]
const cpuLimitNumbers = [24, 30]
const signalNumberMax = 64

/**
 * The meaning of the exit code of a step, in words; undefined if the code has no meaning beyond "failed". A shell
 * reports 128+N if signal N ended the program.
 */
export function explainExit(exit: number): string | undefined {
  if (exit === 77) return 'Automake: the test was skipped'
  if (exit === 99) return 'Automake: the test could not be set up (hard error)'
  if (exit === 126) return 'the command exists, but the host cannot execute it'
  if (exit === 127) return 'a command was not found'
  const signal = exit - 128
  if (signal < 1 || signal > signalNumberMax) return undefined
  const [name, meaning] = signals[signal] ?? []
  if (name !== undefined) return `ended by signal ${signal} (${name}): ${meaning}`
  if (busNumbers.includes(signal)) return `ended by signal ${signal}: on many systems SIGBUS, invalid memory access`
  if (cpuLimitNumbers.includes(signal)) return `ended by signal ${signal}: on many systems SIGXCPU, too much CPU time`
  return `ended by signal ${signal}`
}
