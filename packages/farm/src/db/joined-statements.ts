import pg from 'pg'

/** The members of pg's query that its types leave out. */
interface SentQuery {
  portal: string
  prepare(connection: Connection): void
  _getRows(connection: Connection, rows: number | undefined): void
  handleCommandComplete(message: { text: string }, connection: Connection): void
}

interface Connection {
  bind(message: { statement: string }): void
  execute(message: { portal?: string; rows?: number | undefined }): void
  sync(): void
}

/** Prepared statements of a connection. The first transaction of a connection prepares them. */
export const begin = { name: 'begin', text: 'BEGIN' }
export const commit = { name: 'commit', text: 'COMMIT' }

interface JoinedResult {
  result: pg.QueryResult
  /** What PostgreSQL did instead of COMMIT, or COMMIT. Undefined if COMMIT was not sent. */
  end: string | undefined
}

/**
 * Sends BEGIN before a statement or COMMIT after it, in the same message: PostgreSQL answers both at once, so a transaction
 * costs two round trips less. The message has one Sync, at its end. So if BEGIN or the statement fails, PostgreSQL skips
 * the rest: a statement never runs outside of its transaction, and a failed one is not committed.
 */
export function sendJoined(
  client: pg.ClientBase,
  config: pg.QueryConfig,
  { before, after }: { before: boolean; after: boolean },
): Promise<JoinedResult> {
  return new Promise((resolve, reject) => {
    let end: string | undefined
    const query = new pg.Query({ ...config, queryMode: 'extended' } as pg.QueryConfig)
    const sent = query as unknown as SentQuery & { callback: (error: Error | null, result: pg.QueryResult) => void }
    sent.callback = (error, result) => (error ? reject(error) : resolve({ result, end }))
    const prepare = sent.prepare.bind(query)
    const handleCommandComplete = sent.handleCommandComplete.bind(query)
    sent.prepare = connection => {
      if (before) run(connection, begin.name)
      prepare(connection)
    }
    sent._getRows = (connection, rows) => {
      connection.execute({ portal: sent.portal, rows })
      if (after) run(connection, commit.name)
      connection.sync()
    }
    let completed = before ? -1 : 0
    sent.handleCommandComplete = (message, connection) => {
      if (completed === 0) handleCommandComplete(message, connection)
      if (completed === 1) end = message.text
      completed++
    }
    client.query(query)
  })
}

function run(connection: Connection, statement: string): void {
  connection.bind({ statement })
  connection.execute({})
}
