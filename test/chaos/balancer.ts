import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A load balancer for TCP: each connection goes to the next server that accepts it. */
export interface Balancer {
  url: string
  /** The ports of the servers. */
  serve(ports: readonly number[]): void
  /** Breaks all connections, and accepts no new ones until `reconnect`. */
  cut(): void
  reconnect(): void
  close(): Promise<void>
}

export async function startBalancer(): Promise<Balancer> {
  const sockets = new Set<Socket>()
  let ports: readonly number[] = []
  let isCut = false
  let turn = 0

  const keep = (socket: Socket) => {
    sockets.add(socket)
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const forward = (client: Socket, left: readonly number[]) => {
    const [port, ...others] = left
    if (port === undefined || client.destroyed) return client.destroy()
    const server = keep(connect(port, '127.0.0.1'))
    const next = () => forward(client, others)
    server.once('error', next)
    server.once('connect', () => {
      server.off('error', next)
      client.pipe(server).pipe(client)
      client.once('close', () => server.destroy())
      server.once('close', () => client.destroy())
    })
    return undefined
  }
  const listener = createServer(client => {
    if (isCut) return void client.destroy()
    keep(client)
    turn += 1
    const first = turn % Math.max(1, ports.length)
    forward(client, [...ports.slice(first), ...ports.slice(0, first)])
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    serve(given) {
      ports = given
    },
    cut() {
      isCut = true
      breakAll()
    },
    reconnect() {
      isCut = false
    },
    async close() {
      breakAll()
      listener.close()
      await once(listener, 'close')
    },
  }
}
