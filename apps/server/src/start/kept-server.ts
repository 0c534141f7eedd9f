import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, type ServerRequest, serverReady, startServer } from './server-child.ts'

export interface KeptServer {
  /** Resolves with true when the first server answers, and with false if it has ended or a shutdown has begun. */
  ready: Promise<boolean>
  /** Resolves with the reason if the server has ended and does not restart. */
  gaveUp: Promise<string>
  stop: (hurry: AbortSignal) => Promise<void>
}

export interface Keeping {
  say: (line: string) => void
  /** Aborts when the shutdown begins. */
  shutdown: AbortSignal
}

/** The largest number of restarts within ten minutes. A further restart would not help. */
const restartsMax = 5
const restartsWindowMs = 600_000

/** The pause before a restart: half a second for the first, then twice as long each time. */
const pauseMs = (restarts: number): number => 500 * 2 ** (restarts - 1)

/**
 * Like a service manager, runs the server and restarts it if it ends unexpectedly. Hosts keep their jobs meanwhile.
 * The server does not restart if it has never answered.
 */
export const keepServer = (request: ServerRequest, keeping: Keeping): KeptServer => {
  let server = startServer(request)
  const ready = serverReady(server, request.url, keeping.shutdown)
  const keep = async (): Promise<string> => {
    let restarts: number[] = []
    for (;;) {
      const how = await server.child.ended
      const report = `the server ended unexpectedly (${how}); its last log lines:\n${server.child.lastLines()}`
      restarts = [...restarts.filter(at => at > Date.now() - restartsWindowMs), Date.now()]
      if (keeping.shutdown.aborted || !(await ready) || restarts.length > restartsMax) return report
      keeping.say(`${report}\nrestarting it …`)
      await sleep(pauseMs(restarts.length), undefined, { signal: keeping.shutdown }).catch(() => {})
      if (keeping.shutdown.aborted) return report
      server = startServer(request)
      void sayWhenBack(server, request, keeping)
    }
  }
  return { ready, gaveUp: keep(), stop: hurry => server.stop(hurry) }
}

const sayWhenBack = async (
  server: RunningServer,
  { url }: ServerRequest,
  { say, shutdown }: Keeping,
): Promise<void> => {
  if (await serverReady(server, url, shutdown)) say(`the farm answers again at ${url}`)
}
