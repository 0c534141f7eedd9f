import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hasExited } from '@rumpfarm/child-process'
import { type Child, startChild } from './child.ts'

export interface ServerRequest {
  url: string
  port: number
  dataDirectory: string
  /** Further variables for the server. */
  environment?: Record<string, string> | undefined
}

// The bundle of the server is in the same directory as this bundle.
const program = fileURLToPath(new URL('main.js', import.meta.url))

/** Before it ends, a busy server answers its hosts, and PostgreSQL writes a checkpoint. */
const stopTimeouts = { normal: 40_000, hurried: 0 }

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
    response => response.ok,
    () => false,
  )

const untilReady = async ({ process }: Child, url: string, shutdown: AbortSignal): Promise<boolean> => {
  while (!hasExited(process) && !shutdown.aborted) {
    if (await answers(url)) return true
    await sleep(50) // no event reports that a port is open
  }
  return false
}

export interface RunningServer {
  child: Child
  stop: (hurry: AbortSignal) => Promise<void>
}

/** Starts the server in its own process, as in production. The server logs to a file. */
export const startServer = ({ port, dataDirectory, environment = {} }: ServerRequest): RunningServer => {
  const child = startChild({
    command: [process.execPath, '--enable-source-maps', program],
    environment: { ...environment, PORT: String(port) },
    directory: process.cwd(),
    logFile: join(dataDirectory, 'server.log'),
  })
  return { child, stop: hurry => child.stop(stopTimeouts, hurry) }
}

/** Resolves with true when the server answers, and with false if it has ended or a shutdown has begun. */
export const serverReady = ({ child }: RunningServer, url: string, shutdown: AbortSignal): Promise<boolean> =>
  untilReady(child, url, shutdown)
