/**
 * The signals that have the same number on every Unix. Others differ: 10 is SIGUSR1 on Linux and SIGBUS on the BSDs.
 */
const signals: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL, illegal instruction',
  5: 'SIGTRAP',
  6: 'SIGABRT, aborted',
  8: 'SIGFPE, arithmetic error',
  9: 'SIGKILL, often because the memory was full',
  11: 'SIGSEGV, segmentation fault',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
}

const meanings: Record<number, string> = {
  77: 'a skipped test of Automake',
  99: 'a hard error of Automake’s tests',
  126: 'the command cannot be executed',
  127: 'command not found',
}

/** What an exit code of a shell usually means; undefined if it only means that something failed. */
export function exitMeaning(code: number): string | undefined {
  const signal = code > 128 && code < 128 + 65 ? code - 128 : undefined
  if (signal === undefined) return meanings[code]
  return `killed by ${signals[signal] ?? `signal ${signal}`}`
}
