import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, type ServerRequest, serverReady, startServer } from './server-child.ts'

export interface KeptServer {
  /** True when the first server answers; false when it ended before, or we are ending. */
  ready: Promise<boolean>
  /** Settles with the reason when the server is not started again. */
  gaveUp: Promise<string>
  stop: (hasten: AbortSignal) => Promise<void>
}

export interface Keeping {
  say: (line: string) => void
  begun: AbortSignal
}

/** This many restarts in ten minutes, and the fault is one that a restart does not cure. */
const restartsMax = 5
const restartsWindowMs = 600_000

/** From half a second, twice as long each time. */
const pauseMs = (restarts: number): number => 500 * 2 ** (restarts - 1)

/**
 * Runs the server, and starts it again when it ends by itself, as a service manager would: hosts keep their jobs while it is
 * away. A first server that never answers is not started again.
 */
export const keepServer = (request: ServerRequest, keeping: Keeping): KeptServer => {
  let server = startServer(request)
  const ready = serverReady(server, request.url, keeping.begun)
  const keep = async (): Promise<string> => {
    let restarts: number[] = []
    for (;;) {
      const how = await server.child.ended
      const words = `the server ended by itself (${how}); its last words:\n${server.child.lastWords()}`
      restarts = [...restarts.filter(at => at > Date.now() - restartsWindowMs), Date.now()]
      if (keeping.begun.aborted || !(await ready) || restarts.length > restartsMax) return words
      keeping.say(`${words}\nstarting it again …`)
      await sleep(pauseMs(restarts.length), undefined, { signal: keeping.begun }).catch(() => {})
      if (keeping.begun.aborted) return words
      server = startServer(request)
      void sayWhenBack(server, request, keeping)
    }
  }
  return { ready, gaveUp: keep(), stop: hasten => server.stop(hasten) }
}

const sayWhenBack = async (server: RunningServer, { url }: ServerRequest, { say, begun }: Keeping): Promise<void> => {
  if (await serverReady(server, url, begun)) say(`the farm answers again at ${url}`)
}
