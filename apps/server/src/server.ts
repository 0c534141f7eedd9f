import { chmodSync, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openMirrors } from '@rumpfarm/connectors'
import { type Farm, isBelow, migrate, openFarm } from '@rumpfarm/farm'
import { startLocalPostgres } from '@rumpfarm/local-postgres'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { agentReleases } from './agent-release/release.ts'
import { buildApp, buildSignedApp } from './app.ts'
import { newAdminToken } from './auth/admin-token.ts'
import { openClaimLoop } from './background/claim-loop.ts'
import { openDispatch } from './background/dispatch.ts'
import { watchFarmFile } from './background/farm-file.ts'
import { openQueues } from './background/queues.ts'
import { openTasks } from './background/tasks.ts'
import { type Config, ConfigError } from './config.ts'
import { localBus, redisBus, topics } from './events/bus.ts'
import { eventPublisher } from './events/publish.ts'
import { openViewers } from './events/viewers.ts'
import { fillIn } from './routes/agent/plugin.ts'
import { secretFile } from './secret-file.ts'

export interface Server {
  app: FastifyInstance
  /** For signed requests, if there are to be any. */
  signedApp: FastifyInstance | undefined
  /** The plugin first, the database last. */
  close(): Promise<void>
}

/** Everything a server is, opened in order; the caller listens. */
export async function openServer(config: Config, log: Logger): Promise<Server> {
  mkdirSync(config.dataDirectory, { recursive: true })
  // Sources and logs of private projects: another user of this machine, or a job that runs as one, may not read them.
  for (const name of ['sources', 'logs']) makePrivate(join(config.dataDirectory, name))
  await refuseOwnAgent(config)
  const closing: (() => Promise<unknown> | unknown)[] = []
  const database = await openDatabase(config, log)
  closing.unshift(database.stop)

  const queues = await openQueues({ redisUrl: config.redisUrl, databaseUrl: database.url, log })
  closing.unshift(queues.close)
  const bus = queues.redis ? await redisBus(queues.redis) : localBus()
  closing.unshift(bus.close)
  const viewers = openViewers(bus)
  const dispatch = openDispatch(queues, log)
  closing.unshift(dispatch.close)
  const mirrors = openMirrors({
    directory: join(config.dataDirectory, 'sources'),
    tarballBytesMax: config.sourcesBytesMax,
    environment: config.environment,
    log: (event, fields) => log.info(fields, event),
  })
  closing.unshift(mirrors.close)
  const tasks = openTasks({ queues, dispatch, mirrors, bus, log, publicUrl: config.publicUrl })
  closing.unshift(tasks.close)

  const farm = openFarm({
    databaseUrl: database.url,
    connectionsMax: config.databaseConnections,
    readConnectionsMax: config.databaseReadConnections,
    logsDirectory: join(config.dataDirectory, 'logs'),
    secret: config.secrets.server,
    leaseSeconds: config.leaseSeconds,
    agentVersionMin: config.agentVersionMin,
    silentSeconds: config.silentSeconds,
  })
  farm.onEvent(eventPublisher({ bus, dispatch, tasks, viewers, log }))
  closing.splice(closing.indexOf(queues.close), 0, farm.close)
  bus.subscribe(topics.revoked, attempt => farm.attempts.dropCached(attempt))
  await admitAdmin(farm, config, log)
  await farm.attempts.extendLeases()
  closing.unshift(await watchFarmFile(config.farmFile, farm, log))

  const signed = config.signed && signedWay(config.signed.url)
  const claimLoop = openClaimLoop({ farm, dispatch, bus })
  const services = { config, farm, mirrors, bus, claimLoop, viewers, agentRelease, serviceScript, signed }
  const app = await buildApp(services, { log })
  const signedApp = signed && (await buildSignedApp(services, signed, { log }))
  closing.unshift(() => Promise.all([app.close(), signedApp?.close()]))
  tasks.start(farm)
  return { app, signedApp, close: () => closeAll(closing, log) }
}

/** A revoked token stops no start: hosts go on, and other administrators' tokens work. */
async function admitAdmin(farm: Farm, { secrets, adminTokenFrom }: Config, log: Logger): Promise<void> {
  const admission = await farm.access.admitToken('admin', secrets.adminToken, 'admin')
  switch (admission.kind) {
    case 'admitted':
      return
    case 'replaced':
      return log.warn(
        'the token admin is another one than before; login links and sessions of the one before have ended',
      )
    case 'revoked':
      return log.warn(
        `the token in ${adminTokenFrom} was revoked and is not accepted: ${newAdminToken(adminTokenFrom)}`,
      )
    case 'other-token':
      throw new ConfigError(
        `the token in ${adminTokenFrom} is the farm's token ${admission.name} already: ${newAdminToken(adminTokenFrom)}`,
      )
  }
}

function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true })
  chmodSync(directory, 0o700)
}

async function openDatabase(config: Config, log: Logger) {
  if (config.databaseUrl !== undefined) {
    await migrate(config.databaseUrl).catch(notUsable)
    return { url: config.databaseUrl, stop: async () => {} }
  }
  const directory = join(config.dataDirectory, 'postgres')
  const database = await startLocalPostgres({ directory, passwordFile: secretFile(join(directory, 'password')), log })
  await migrate(database.url)
  return database
}

/** Away, another password, no such database: the operator's to mend. The driver's message holds no password. */
function notUsable(error: Error & { code?: string }): never {
  if (error.code) throw new ConfigError(`the database of DATABASE_URL cannot be used: ${error.message || error.code}`)
  throw error
}

// Beside apps/server/src and apps/server/dist alike.
const agentFile = new URL('../../agent/dist/agent.sh', import.meta.url)
const agentRelease = agentReleases(agentFile)
const serviceScript = () => readFile(new URL('service.sh', agentFile), 'utf8')
const signedWay = (url: string) => ({ url, script: async () => fillIn((await agentRelease()).bytes, `signed+${url}`) })

/** A floor above the agent that the farm itself serves would end every host's work, and no update could help. */
async function refuseOwnAgent({ agentVersionMin }: Config): Promise<void> {
  if (agentVersionMin === undefined) return
  const { version } = await agentRelease()
  if (isBelow(version, agentVersionMin))
    throw new ConfigError(`AGENT_VERSION_MIN is ${agentVersionMin}, but the agent that this farm serves is ${version}`)
}

async function closeAll(closing: readonly (() => Promise<unknown> | unknown)[], log: Logger): Promise<void> {
  for (const close of closing) {
    try {
      await close()
    } catch (error) {
      log.warn({ err: error }, 'something did not close in order')
    }
  }
}
