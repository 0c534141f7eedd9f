import { join } from 'node:path'
import { findRunningPostgres, startLocalPostgres } from '@rumpfarm/local-postgres'
import type { Logger } from 'pino'
import type { Places } from '../config.ts'
import { secretFile } from '../secret-file.ts'

export interface FoundDatabase {
  url: string
  /** Whether a server of the farm runs the embedded PostgreSQL now. Unknown, and false, for DATABASE_URL. */
  inUse: boolean
  close(): Promise<void>
}

/** Finds the database of DATABASE_URL or the embedded PostgreSQL. If no server runs the latter, starts it. */
export async function findDatabase(
  { databaseUrl, databaseDirectUrl, dataDirectory }: Places,
  log: Logger,
): Promise<FoundDatabase> {
  if (databaseUrl !== undefined) return { url: databaseDirectUrl ?? databaseUrl, inUse: false, close: async () => {} }
  const directory = join(dataDirectory, 'postgres')
  const passwordFile = secretFile(join(directory, 'password'))
  const running = findRunningPostgres({ directory, passwordFile })
  if (running !== undefined) return { url: running, inUse: true, close: async () => {} }
  const postgres = await startLocalPostgres({ directory, passwordFile, log })
  return { url: postgres.url, inUse: false, close: postgres.stop }
}
