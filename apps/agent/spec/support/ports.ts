import type { Server } from 'node:net'

/**
 * Listens on 127.0.0.1 at a port below the range from which the system chooses ports. So no other test gets this port
 * after the server has closed, and the server can listen there again.
 */
export async function listenStill(server: Server, port?: number): Promise<number> {
  for (let tries = 1; ; tries++) {
    const wanted = port ?? 20_000 + Math.floor(Math.random() * 10_000)
    const problem = await listen(server, wanted)
    if (!problem) return wanted
    if (tries === 20) throw problem
    if (port) await new Promise(resolve => setTimeout(resolve, 100))
  }
}

const listen = (server: Server, port: number): Promise<Error | undefined> =>
  new Promise(resolve => {
    server.once('error', resolve)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', resolve)
      resolve(undefined)
    })
  })
