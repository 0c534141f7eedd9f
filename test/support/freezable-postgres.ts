// A PostgreSQL that can stop its answers, like a machine or a disk that hangs: connections stay open without data.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface FreezablePostgres {
  url: string
  /** Stops all answers. Resolves when a client sends a query. */
  freeze(): Promise<void>
  /** Answers new connections again, and breaks the frozen connections. */
  thaw(): void
  breakConnections(): void
  close(): Promise<void>
}

/** Forwards all data between clients and the database at `url` until a call of `freeze`. */
export async function freezablePostgres(url: string): Promise<FreezablePostgres> {
  const target = new URL(url)
  const [host, port] = [decodeURIComponent(target.hostname), Number(target.port || 5432)]
  const dial = () => (host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host))
  const clients = new Set<Socket>()
  let askFrozen: (() => void) | undefined
  const server = createServer(client => {
    clients.add(client)
    client.on('error', () => {}).on('close', () => clients.delete(client))
    if (askFrozen) return void client.on('data', askFrozen)
    const database = dial()
    database.on('error', () => {})
    client.pipe(database).pipe(client)
    client.on('close', () => database.destroy())
  })
  const breakConnections = () => {
    for (const client of clients) client.destroy()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  target.hostname = '127.0.0.1'
  target.port = String((server.address() as AddressInfo).port)
  return {
    url: target.href,
    freeze: () =>
      new Promise<void>(resolve => {
        askFrozen = resolve
        for (const client of clients) client.unpipe().on('data', resolve)
      }),
    thaw() {
      askFrozen = undefined
      breakConnections()
    },
    breakConnections,
    async close() {
      breakConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
