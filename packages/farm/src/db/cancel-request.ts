import { connect } from 'node:net'
import type pg from 'pg'

/** Members of pg's client that its types do not have. */
interface Cancellable {
  host: string
  port: number
  processID: number | null
  secretKey: number | null
}

const cancelCode = 80_877_102
const waitMs = 1_000

/**
 * Asks PostgreSQL to end the running statement of a connection. The request has its own short connection, so it works
 * while all connections of a pool are busy, and also through PgBouncer. It reports no errors: a statement that goes on
 * ends at its time limit.
 */
export function requestCancel(client: pg.ClientBase): void {
  const { host, port, processID, secretKey } = client as unknown as Cancellable
  if (processID === null || secretKey === null) return
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
  socket.on('error', () => {})
  socket.setTimeout(waitMs, () => socket.destroy())
  const message = Buffer.alloc(16)
  for (const [index, value] of [16, cancelCode, processID, secretKey].entries()) message.writeInt32BE(value, index * 4)
  // The other side closes the connection. PgBouncer 1.18 ends itself if the client closes it first.
  socket.write(message)
}
