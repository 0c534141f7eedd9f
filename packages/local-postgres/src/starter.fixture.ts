// A process that starts only PostgreSQL, prints the address and the process id, and keeps running.
import { join } from 'node:path'
import { passwordFile } from './password-file.fixture.ts'
import { startLocalPostgres } from './postgres.ts'

const [, directory = '', fallback = ''] = process.argv.slice(process.argv.indexOf('server'))
const postgres = await startLocalPostgres({
  directory,
  passwordFile: passwordFile(join(directory, 'password')),
  fallback,
  log: { info: () => {}, error: () => {} },
  onEnd: () => process.exit(1),
})
console.log(`${postgres.url} ${postgres.pid}`)
