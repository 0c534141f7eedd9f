import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Location } from './location.ts'

/**
 * Runs statements as the superuser in PostgreSQL's single-user mode, because the superuser cannot connect in another
 * way. Call this function only while PostgreSQL is not running. PostgreSQL reads the statements from its standard
 * input, because every user of the machine could read a password in an argument.
 */
export const runInSingleUserMode = (
  { native, account }: Location,
  data: string,
  statements: readonly string[],
): void => {
  const args = ['--single', '-j', '-c', 'log_min_error_statement=panic', '-D', data, 'postgres']
  const input = statements.map(statement => `${statement};\n\n`).join('') // with -j, an empty line ends a statement
  const result = spawnSync(join(native, 'bin/postgres'), args, {
    ...account,
    cwd: '/',
    env: { PGTZ: 'UTC' },
    input,
    encoding: 'utf8',
  })
  // After an error, PostgreSQL continues with the next statement and ends with the exit code 0.
  if (result.status === 0 && !/^.*(ERROR|FATAL|PANIC): /m.test(result.stderr)) return
  throw new Error(`PostgreSQL could not prepare ${data}:\n${result.error?.message ?? result.stderr.trim()}`)
}
