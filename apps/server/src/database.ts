import { join } from 'node:path'
import { migrate } from '@rumpfarm/farm'
import { startLocalPostgres } from '@rumpfarm/local-postgres'
import type { Logger } from 'pino'
import { type Config, ConfigError } from './config.ts'
import { secretFile } from './secret-file.ts'

export interface ServerDatabase {
  url: string
  /** PostgreSQL itself. It is different from `url` if `url` is a pooler. */
  directUrl: string
  close(): Promise<void>
}

/** Opens the database of DATABASE_URL or the embedded PostgreSQL, and applies all migrations. */
export async function openServerDatabase(
  { databaseUrl, databaseDirectUrl: directUrl = databaseUrl, dataDirectory }: Config,
  log: Logger,
): Promise<ServerDatabase> {
  if (databaseUrl !== undefined && directUrl !== undefined) {
    await migrate(directUrl).catch(throwConfigError)
    return { url: databaseUrl, directUrl, close: async () => {} }
  }
  const directory = join(dataDirectory, 'postgres')
  const postgres = await startLocalPostgres({ directory, passwordFile: secretFile(join(directory, 'password')), log })
  await migrate(postgres.url)
  return { url: postgres.url, directUrl: postgres.url, close: postgres.stop }
}

/** Reports connection errors, which the operator can fix. The driver's message contains no password. */
function throwConfigError(error: Error & { code?: string }): never {
  if (error.code)
    throw new ConfigError(
      `the database of DATABASE_URL or DATABASE_DIRECT_URL cannot be used: ${error.message || error.code}`,
    )
  throw error
}
