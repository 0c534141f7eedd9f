import { MigrationError } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import { ConfigError } from './config.ts'

/** A terminal and npm both send the signal of one Ctrl-C. */
const duplicateMs = 500

/** Closes the server on SIGINT and SIGTERM, then ends this process. A second signal ends the wait for requests. */
export function closeOnSignal(server: { close(hurry: AbortSignal): Promise<void> }, log: Logger): void {
  let closing = false
  let closingAt = 0
  const hurry = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (closing) return performance.now() - closingAt > duplicateMs ? hurry.abort() : undefined
      closing = true
      closingAt = performance.now()
      log.info({ signal }, 'closing')
      void server.close(hurry.signal).then(() => process.exit()) // the exit code is 1 if PostgreSQL has stopped unexpectedly
    })
  }
}

/** Closes the server as on SIGTERM. The exit code is 1, so that a supervisor notices. */
export function endThisServer(): void {
  process.exitCode = 1
  process.emit('SIGTERM')
}

/** Ends this process with a message for the operator. */
export function failToStart(error: unknown): never {
  process.stderr.write(`rumpfarm: ${describe(error)}\n`)
  process.exit(1)
}

/** Returns one line for an error that the operator can fix, and the stack for other errors. */
function describe(error: unknown): string {
  const { code, port, address, message, stack } = error as NodeJS.ErrnoException & { port?: number; address?: string }
  if (error instanceof ConfigError || error instanceof MigrationError) return message
  if (code === 'EADDRINUSE')
    return `port ${port} is in use: stop the program that listens there, or set PORT (or SIGNED_PORT) to another port`
  if (code === 'EADDRNOTAVAIL') return `HOST: this machine has no address ${address}`
  if (code === 'EACCES' && port) return `PORT: port ${port} needs more rights; set PORT to another port`
  return `the server could not start: ${stack ?? message}`
}
