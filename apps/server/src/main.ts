import { MigrationError } from '@rumpfarm/farm'
import { type Logger, pino } from 'pino'
import { ConfigError, readConfig } from './config.ts'
import { openServer } from './server.ts'

try {
  await main()
} catch (error) {
  process.stderr.write(`rumpfarm: ${describe(error)}\n`)
  process.exit(1)
}

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const log = pino({ level: config.logLevel, redact: ['req.headers.authorization', 'req.headers.cookie'] })
  const server = await openServer(config, log)
  closeOnSignal(server.close, log)
  if (config.signed) {
    const signedAddress = await server.signedApp?.listen({ host: config.signed.host, port: config.signed.port })
    log.info({ signedAddress, signedUrl: config.signed.url }, 'signed requests of hosts are answered')
  }
  const address = await server.app.listen({ host: config.host, port: config.port })
  log.info({ address }, 'the farm answers')
}

/** One line for what an operator can mend; the stack for what only a developer can. */
function describe(error: unknown): string {
  const { code, port, address, message, stack } = error as NodeJS.ErrnoException & { port?: number; address?: string }
  if (error instanceof ConfigError || error instanceof MigrationError) return message
  if (code === 'EADDRINUSE')
    return `port ${port} is taken: stop what listens there, or set PORT (or SIGNED_PORT) to another one`
  if (code === 'EADDRNOTAVAIL') return `HOST: this machine has no address ${address}`
  if (code === 'EACCES' && port) return `PORT: port ${port} needs more rights; set PORT to another one`
  return `the server could not start: ${stack ?? message}`
}

function closeOnSignal(close: () => Promise<void>, log: Logger): void {
  let closing = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (closing) return
      closing = true
      log.info({ signal }, 'closing')
      void close().then(() => process.exit()) // with process.exitCode: 1 when PostgreSQL ended by itself
    })
  }
}
