import { statfsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLocalPostgres } from './postgres.ts'
import type { LocalPostgres } from './request.ts'

// Nobody needs the data after a crash, so PostgreSQL does not wait for the disk, and keeps little of its log.
const withoutDurability = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_wal_size: '128MB',
  max_connections: 1000,
  autovacuum: 'off', // a new database does not live long enough
}

/** A directory in memory, on systems that have it. */
const memory = '/dev/shm'
const memoryBytesMin = 4e9

/** Tests create and remove many small files, which costs much more on a disk than in memory. */
const directoryForFiles = (): string => {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= memoryBytesMin ? memory : tmpdir()
  } catch {
    return tmpdir()
  }
}

/** An empty PostgreSQL for tests and tools. `stop` also removes its files. */
export const startTemporaryPostgres = async (): Promise<LocalPostgres> => {
  const directory = await mkdtemp(join(directoryForFiles(), 'rumpfarm-postgres-'))
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
