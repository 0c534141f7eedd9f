import { join } from 'node:path'
import { migrate } from '@rumpfarm/farm'
import { startLocalPostgres } from '@rumpfarm/local-postgres'
import type { Logger } from 'pino'
import { type Config, ConfigError } from './config.ts'
import { secretFile } from './secret-file.ts'

export interface ServerDatabase {
  url: string
  close(): Promise<void>
}

/** Opens the database of DATABASE_URL or the embedded PostgreSQL, and applies all migrations. */
export async function openServerDatabase({ databaseUrl, dataDirectory }: Config, log: Logger): Promise<ServerDatabase> {
  if (databaseUrl !== undefined) {
    await migrate(databaseUrl).catch(throwConfigError)
    return { url: databaseUrl, close: async () => {} }
  }
  const directory = join(dataDirectory, 'postgres')
  const postgres = await startLocalPostgres({ directory, passwordFile: secretFile(join(directory, 'password')), log })
  await migrate(postgres.url)
  return { url: postgres.url, close: postgres.stop }
}

/** Reports connection errors, which the operator can fix. The driver's message contains no password. */
function throwConfigError(error: Error & { code?: string }): never {
  if (error.code) throw new ConfigError(`the database of DATABASE_URL cannot be used: ${error.message || error.code}`)
  throw error
}
