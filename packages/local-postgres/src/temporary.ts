import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLocalPostgres } from './postgres.ts'
import type { LocalPostgres } from './request.ts'

// Nobody needs the data after a crash, so PostgreSQL does not wait for the disk.
const withoutDurability = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 1000 }

/** An empty PostgreSQL for tests and tools. `stop` also removes its files. */
export const startTemporaryPostgres = async (): Promise<LocalPostgres> => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-postgres-'))
  await chmod(directory, 0o711) // if this process is root, PostgreSQL runs as another user, who needs access
  let password: string | undefined
  const postgres = await startLocalPostgres({
    directory: join(directory, 'postgres'),
    passwordFile: {
      path: 'memory',
      read: () => password,
      write: text => {
        password = text
      },
    },
    fallback: join(directory, 'fallback'),
    parameters: withoutDurability,
    createDatabases: true,
    log: { info: () => {}, error: line => console.error(line) },
  })
  const stop = async () => {
    await postgres.stop()
    await rm(directory, { recursive: true })
  }
  return { ...postgres, stop }
}
