// A server process that has nothing but the embedded PostgreSQL: prints its address and process number, and stays.
import { startLocalPostgres } from './postgres.ts'

const [, directory = '', fallback = ''] = process.argv.slice(process.argv.indexOf('server'))
const postgres = await startLocalPostgres({
  directory,
  fallback,
  log: { info: () => {}, error: () => {} },
  onEnd: () => process.exit(1),
})
console.log(`${postgres.url} ${postgres.pid}`)
