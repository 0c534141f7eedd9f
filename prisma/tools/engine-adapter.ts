import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  type ColumnType,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import pg from 'pg'

interface RowDescription {
  fields: { dataTypeID: number }[]
}

// The engine reads catalogue columns of type "char" (oid 18), but adapter-pg 7.10 refuses this type as unknown. So the
// columns pass the adapter with the type uuid, which no catalogue column has. Afterwards they become characters again.
const charOid = 18
const uuidOid = 2950

class EngineClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config)
    const { connection } = this as unknown as { connection: NodeJS.EventEmitter }
    connection.prependListener('rowDescription', ({ fields }: RowDescription) => {
      for (const field of fields) if (field.dataTypeID === charOid) field.dataTypeID = uuidOid
    })
  }
}

type PgAdapter = Awaited<ReturnType<PrismaPg['connect']>>

const asCharacter = (type: ColumnType): ColumnType => (type === ColumnTypeEnum.Uuid ? ColumnTypeEnum.Character : type)

const connectTo = async (url: string): Promise<SqlDriverAdapter> => {
  // Two connections: the engine keeps one for its advisory lock.
  const pool = { connectionString: url, max: 2, Client: EngineClient } as pg.PoolConfig
  const adapter = await new PrismaPg(pool).connect()
  const queryRaw = adapter.queryRaw.bind(adapter)
  adapter.queryRaw = async query => {
    const result = await queryRaw(query)
    return { ...result, columnTypes: result.columnTypes.map(asCharacter) }
  }
  adapter.executeScript = script => runWhole(adapter, script)
  return adapter
}

/**
 * Sends a script to PostgreSQL as a whole. adapter-pg 7.10 would cut the script at every semicolon, even inside a
 * function, a string or a comment.
 */
const runWhole = async (adapter: PgAdapter, script: string): Promise<void> => {
  try {
    await adapter.underlyingDriver().query(script)
  } catch (error) {
    ;(adapter as unknown as { onError: (error: unknown) => never }).onError(error)
  }
}

/**
 * Creates a database. When the engine disposes of the adapter, the adapter disconnects and the database is dropped.
 * adapter-pg itself would drop the database while the adapter is still connected.
 */
const connectToShadow = async (url: string): Promise<SqlDriverAdapter> => {
  const name = `rumpfarm_shadow_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  const shadowUrl = new URL(url)
  shadowUrl.pathname = `/${name}`
  const adapter = await connectTo(shadowUrl.href)
  const disconnect = adapter.dispose.bind(adapter)
  adapter.dispose = async () => {
    await disconnect()
    await admin.query(`DROP DATABASE ${name}`)
    await admin.end()
  }
  return adapter
}

export interface EngineConnections {
  factory: SqlMigrationAwareDriverAdapterFactory
  /**
   * Closes the connections that the engine left open. The engine closes its shadow databases, but not its first
   * connection.
   */
  close: () => Promise<void>
}

export const engineConnections = (url: string): EngineConnections => {
  const open = new Set<SqlDriverAdapter>()
  const remember = (adapter: SqlDriverAdapter): SqlDriverAdapter => {
    const dispose = adapter.dispose.bind(adapter)
    adapter.dispose = async () => {
      if (open.delete(adapter)) await dispose()
    }
    open.add(adapter)
    return adapter
  }
  return {
    factory: {
      provider: 'postgres',
      adapterName: '@prisma/adapter-pg',
      connect: async () => remember(await connectTo(url)),
      connectToShadowDb: async () => remember(await connectToShadow(url)),
    },
    close: async () => {
      for (const adapter of open) await adapter.dispose()
    },
  }
}
