import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { FarmClient } from '@rumpfarm/client'
import { waitForPostgresEnd } from '@rumpfarm/local-postgres'
import type { Config } from '../config.ts'
import { localUrl } from '../local-address.ts'
import { adminClient } from './admin-client.ts'
import { keepServer } from './kept-server.ts'
import { patientFetch } from './patient-fetch.ts'
import { findPort } from './port.ts'
import type { Shutdown } from './shutdown.ts'

export interface Serving {
  say: (line: string) => void
  shutdown: Shutdown
  /** Further variables for the server. */
  environment?: Record<string, string>
}

export interface ServedFarm {
  url: string
  api: FarmClient
  /** Resolves when the server has ended and does not restart. */
  gaveUp: Promise<unknown>
}

/** Starts the server on a free port, and prints its address and a link to sign in. Ends this process if it fails. */
export async function serve(config: Config, serving: Serving): Promise<ServedFarm> {
  const { say, shutdown } = serving
  const { port, url } = await choosePort(config)
  const { gaveUp } = await runServer(config, { port, url }, serving)
  const api = adminClient(url, config, patientFetch(shutdown.signal))
  const { url: login } = await api.post('/api/v1/login-links')
  say(`the farm answers at ${url}\nto sign in as administrator, use this link once within ten minutes: ${login}`)
  return { url, api, gaveUp }
}

async function choosePort({ host, port: wanted }: Config): Promise<{ port: number; url: string }> {
  const found = await findPort(host, wanted, localUrl(host, wanted))
  if ('problem' in found) throw new Error(found.problem)
  return { port: found.port, url: localUrl(host, found.port) }
}

async function runServer(
  { dataDirectory, databaseUrl }: Config,
  at: { port: number; url: string },
  { say, shutdown, environment }: Serving,
): Promise<{ gaveUp: Promise<void> }> {
  say('starting the server …')
  mkdirSync(dataDirectory, { recursive: true })
  const server = keepServer({ ...at, dataDirectory, environment }, { say, shutdown: shutdown.signal })
  if (databaseUrl === undefined)
    shutdown.add({ name: 'PostgreSQL', stop: () => waitForPostgresEnd(join(dataDirectory, 'postgres')) })
  shutdown.add({ name: 'the server', stop: server.stop })
  const ended = server.gaveUp.then(report => serverEnded(report, shutdown))
  if (!(await server.ready)) await shutdown.end(1)
  return { gaveUp: ended }
}

async function serverEnded(report: string, shutdown: Shutdown): Promise<void> {
  if (shutdown.signal.aborted) return
  console.error(`farm: ${report}`)
  await shutdown.end(1)
}
