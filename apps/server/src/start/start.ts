// `npm start`, after the packages are installed: starts the server, makes this machine a host, and builds the sample.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { waitForPostgresEnd } from '@rumpfarm/local-postgres'
import { readFarmFile } from '../background/farm-file.ts'
import { adminClient } from '../cli/admin-client.ts'
import { type Config, readConfig } from '../config.ts'
import { localUrl } from '../local-address.ts'
import { type KeptServer, keepServer } from './kept-server.ts'
import { type HostRequest, hostOnline, type RunningHost, startHost } from './local-host.ts'
import { patientFetch } from './patient-fetch.ts'
import { findPort } from './port.ts'
import { buildSample } from './sample-build.ts'
import { openShutdown, type Shutdown } from './shutdown.ts'

const say = (line: string): void => console.log(line)
const shutdown = openShutdown(say)

try {
  parseArgs({ args: process.argv.slice(2) }) // `npm start` has no options
  await main(readConfig(process.env))
} catch (error) {
  // A shutdown interrupts requests, so their errors are not reported.
  if (!shutdown.signal.aborted) await fail(error instanceof Error ? error.message : String(error))
}

async function main(config: Config): Promise<void> {
  const { dataDirectory } = config
  const { port, url } = await choosePort(config)
  const server = await runServer(config, { port, url }, shutdown)
  const api = adminClient(url, config, patientFetch(shutdown.signal))
  const { url: login } = await api.post('/api/v1/login-links')
  say(`the farm answers at ${url}\nto sign in as administrator, use this link once within ten minutes: ${login}`)
  await printFarmFileErrors(config.farmFile)
  await runHost({ api, dataDirectory, say, shutdown: shutdown.signal })
  if (!shutdown.signal.aborted) say(`Ctrl-C stops everything; the data stays in ${dataDirectory}`)
  await server.gaveUp
}

/** Prints the errors in the terminal too, because not every operator reads the log of the server. */
async function printFarmFileErrors(farmFile: string): Promise<void> {
  const read = await readFarmFile(farmFile)
  if ('problems' in read)
    say(
      [
        `${farmFile} has errors; the previous version stays active. Fix these errors:`,
        ...read.problems.map(line => `    ${line}`),
      ].join('\n'),
    )
}

async function choosePort({ host, port: wanted }: Config): Promise<{ port: number; url: string }> {
  const found = await findPort(host, wanted, localUrl(host, wanted))
  if ('problem' in found) return fail(found.problem)
  return { port: found.port, url: localUrl(host, found.port) }
}

async function runServer(
  { dataDirectory, databaseUrl }: Config,
  at: { port: number; url: string },
  { add, signal }: Shutdown,
): Promise<KeptServer> {
  say('starting the server …')
  mkdirSync(dataDirectory, { recursive: true })
  const server = keepServer({ ...at, dataDirectory }, { say, shutdown: signal })
  if (databaseUrl === undefined)
    add({ name: 'PostgreSQL', stop: () => waitForPostgresEnd(join(dataDirectory, 'postgres')) })
  add({ name: 'the server', stop: server.stop })
  void server.gaveUp.then(serverEnded)
  return (await server.ready) ? server : shutdown.end(1)
}

async function serverEnded(report: string): Promise<void> {
  if (!shutdown.signal.aborted) await fail(report)
}

async function runHost(request: HostRequest): Promise<void> {
  const host = await startHost(request)
  shutdown.add({ name: `the host ${host.name}`, stop: host.stop })
  void host.child.ended.then(how => hostEnded(host, how))
  const arches = await hostOnline(host, request)
  if (!arches) return
  say(`host ${host.name} is online, for ${arches.join(', ')}`)
  await buildSample({ ...request, host: host.name })
}

function hostEnded({ child, name }: RunningHost, how: string): void {
  if (!shutdown.signal.aborted)
    say(
      `the agent of ${name} ended unexpectedly (${how}); the server keeps running. The agent's last lines:\n${child.lastLines()}`,
    )
}

async function fail(message: string): Promise<never> {
  console.error(`farm: ${message}`)
  return shutdown.end(1)
}
