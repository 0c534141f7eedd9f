// What `npm start` runs once the packages are there: the server, this machine as its first host, and the sample's first build.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { waitForPostgresEnd } from '@rumpfarm/local-postgres'
import { readFarmFile } from '../background/farm-file.ts'
import { apiClient, patient } from '../cli/api-client.ts'
import { type Config, readConfig } from '../config.ts'
import { localUrl } from '../local-address.ts'
import { type KeptServer, keepServer } from './kept-server.ts'
import { type HostRequest, hostOnline, type RunningHost, startHost } from './local-host.ts'
import { findPort } from './port.ts'
import { buildSample } from './sample-build.ts'
import { type Ending, openEnding } from './shutdown.ts'

const say = (line: string): void => console.log(line)
const ending = openEnding(say)

try {
  parseArgs({ args: process.argv.slice(2) }) // it has no options
  await main(readConfig(process.env))
} catch (error) {
  // A request that was cut off because we are ending is no news.
  if (!ending.begun.aborted) await fail(error instanceof Error ? error.message : String(error))
}

async function main(config: Config): Promise<void> {
  const { dataDirectory, secrets, adminTokenFrom } = config
  const { port, url } = await choosePort(config)
  const server = await runServer(config, { port, url }, ending)
  const api = patient(apiClient(url, secrets.adminToken, adminTokenFrom), ending.begun)
  const { url: login } = await api.post<{ url: string }>('/api/v1/login-links')
  say(`the farm answers at ${url}\nsign in as administrator, once, within ten minutes: ${login}`)
  await sayMistakes(config.farmFile)
  await runHost({ api, dataDirectory, say, begun: ending.begun })
  if (!ending.begun.aborted) say(`Ctrl-C ends everything; the data stays in ${dataDirectory}`)
  await server.gaveUp
}

/** The server's log has them, too; here somebody is looking. */
async function sayMistakes(farmFile: string): Promise<void> {
  const read = await readFarmFile(farmFile)
  if ('problems' in read) say([`${farmFile} is not in force:`, ...read.problems.map(line => `    ${line}`)].join('\n'))
}

async function choosePort({ host, port: wanted }: Config): Promise<{ port: number; url: string }> {
  const found = await findPort(host, wanted, localUrl(host, wanted))
  if ('problem' in found) return fail(found.problem)
  return { port: found.port, url: localUrl(host, found.port) }
}

async function runServer(
  { dataDirectory, databaseUrl }: Config,
  at: { port: number; url: string },
  { add, begun }: Ending,
): Promise<KeptServer> {
  say('starting the server …')
  mkdirSync(dataDirectory, { recursive: true })
  const server = keepServer({ ...at, dataDirectory }, { say, begun })
  if (databaseUrl === undefined)
    add({ name: 'PostgreSQL', stop: () => waitForPostgresEnd(join(dataDirectory, 'postgres')) })
  add({ name: 'the server', stop: server.stop })
  void server.gaveUp.then(serverEnded)
  return (await server.ready) ? server : ending.end(1)
}

async function serverEnded(words: string): Promise<void> {
  if (!ending.begun.aborted) await fail(words)
}

async function runHost(request: HostRequest): Promise<void> {
  const host = await startHost(request)
  ending.add({ name: `the host ${host.name}`, stop: host.stop })
  void host.child.ended.then(how => hostEnded(host, how))
  const arches = await hostOnline(host, request)
  if (!arches) return
  say(`host ${host.name} is online, for ${arches.join(', ')}`)
  await buildSample({ ...request, host: host.name })
}

function hostEnded({ child, name }: RunningHost, how: string): void {
  if (!ending.begun.aborted)
    say(`the agent of ${name} ended by itself (${how}); the server goes on. Its last words:\n${child.lastWords()}`)
}

async function fail(message: string): Promise<never> {
  console.error(`farm: ${message}`)
  return ending.end(1)
}
