import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from './generated/client.ts'

export { Prisma } from './generated/client.ts'
export type Db = PrismaClient
/** What a verb gets inside a transaction. */
export type Tx = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>

export interface OpenDatabase {
  url: string
  /** Connections to PostgreSQL of this process. */
  connectionsMax?: number
}

/** Every query of the farm goes through this client; nothing else opens the database. */
export const openDatabase = ({ url, connectionsMax = 10 }: OpenDatabase): Db =>
  new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max: connectionsMax }),
    // A transaction here is a few statements. Waiting longer for a connection means that the database is in trouble.
    transactionOptions: { maxWait: 5_000, timeout: 15_000 },
  })

/** Whether PostgreSQL refused a statement because a unique index said so (SQLSTATE 23505), as Prisma's raw queries report it. */
export function isUniqueViolation(error: unknown): boolean {
  const meta =
    (error as { code?: unknown; meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } } } | null) ?? {}
  return meta.code === 'P2002' || meta.meta?.driverAdapterError?.cause?.originalCode === '23505'
}
