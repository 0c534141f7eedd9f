import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hasExited } from '@rumpfarm/child-process'
import { type Child, startChild } from './child.ts'

export interface ServerRequest {
  url: string
  port: number
  dataDirectory: string
}

// Beside this bundle.
const program = fileURLToPath(new URL('main.js', import.meta.url))

/** A busy server answers its hosts and lets PostgreSQL write a checkpoint. */
const patience = { usual: 40_000, hasty: 0 }

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
    response => response.ok,
    () => false,
  )

const untilReady = async ({ process }: Child, url: string, begun: AbortSignal): Promise<boolean> => {
  while (!hasExited(process) && !begun.aborted) {
    if (await answers(url)) return true
    await sleep(50) // nothing announces that a port is open
  }
  return false
}

export interface RunningServer {
  child: Child
  stop: (hasten: AbortSignal) => Promise<void>
}

/** The server as a process of its own, as in production; its log goes to a file. */
export const startServer = ({ port, dataDirectory }: ServerRequest): RunningServer => {
  const child = startChild({
    command: [process.execPath, '--enable-source-maps', program],
    environment: { PORT: String(port) },
    directory: process.cwd(),
    logFile: join(dataDirectory, 'server.log'),
  })
  return { child, stop: hasten => child.stop(patience, hasten) }
}

/** True when it answers; false when it ended, or we are ending. */
export const serverReady = ({ child }: RunningServer, url: string, begun: AbortSignal): Promise<boolean> =>
  untilReady(child, url, begun)
