import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Location } from './location.ts'

/**
 * Runs statements as the superuser, by PostgreSQL's single-user mode: nobody can connect as the superuser. They come by
 * standard input, so that no password is seen in the process list, and none is repeated in a message.
 */
export const runAlone = ({ native, account }: Location, data: string, statements: readonly string[]): void => {
  const args = ['--single', '-j', '-c', 'log_min_error_statement=panic', '-D', data, 'postgres']
  const input = statements.map(statement => `${statement};\n\n`).join('') // -j: a statement ends where an empty line follows
  const result = spawnSync(join(native, 'bin/postgres'), args, {
    ...account,
    cwd: '/',
    env: { PGTZ: 'UTC' },
    input,
    encoding: 'utf8',
  })
  // It goes on after a mistake, and ends as if there were none.
  if (result.status === 0 && !/^.*(ERROR|FATAL|PANIC): /m.test(result.stderr)) return
  throw new Error(`PostgreSQL could not prepare ${data}:\n${result.error?.message ?? result.stderr.trim()}`)
}
