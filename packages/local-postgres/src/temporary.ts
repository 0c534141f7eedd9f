import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalPostgres, startLocalPostgres } from './postgres.ts'

// Nothing in it is worth a wait for the disk.
const careless = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 300 }

/** An empty PostgreSQL for tests and tools; `stop` removes all of it. */
export const startTemporaryPostgres = async (): Promise<LocalPostgres> => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-postgres-'))
  await chmod(directory, 0o711) // root's PostgreSQL runs as another user, which must get in
  const postgres = await startLocalPostgres({
    directory: join(directory, 'postgres'),
    fallback: join(directory, 'fallback'),
    parameters: careless,
    createDatabases: true,
    log: { info: () => {}, error: line => console.error(line) },
  })
  const stop = async () => {
    await postgres.stop()
    await rm(directory, { recursive: true })
  }
  return { ...postgres, stop }
}
