import { chmodSync, mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeNotifiers, openMirrors, openUploads, statusSender, withUploads } from '@rumpfarm/connectors'
import { openFarm } from '@rumpfarm/farm'
import type { Logger } from 'pino'
import { checkAgentVersionMin, openAgentFiles } from './agent-release/agent-files.ts'
import { buildApp, buildSignedApp } from './app.ts'
import { admitAdminToken } from './auth/admin-token.ts'
import { openClaimLoop } from './background/claim-loop.ts'
import { openDispatch } from './background/dispatch.ts'
import { watchFarmFile } from './background/farm-file.ts'
import { openQueues } from './background/queues.ts'
import { openTasks } from './background/tasks.ts'
import type { Config } from './config.ts'
import { openServerDatabase } from './database.ts'
import { openBus, topics } from './events/bus.ts'
import { eventPublisher } from './events/publish.ts'
import { openViewers } from './events/viewers.ts'
import { localUrl, writeAddressNote } from './local-address.ts'
import { openMetrics } from './metrics/metrics.ts'
import { addProcessMetrics } from './metrics/process-metrics.ts'
import { openedParts } from './opened-parts.ts'
import { openTraces } from './traces/open-traces.ts'
import { openDeliveryWork } from './trigger/open-delivery-work.ts'

export interface Server {
  listen(): Promise<void>
  /**
   * Closes all parts in the reverse order: first the server takes no more requests, and last it closes the database.
   */
  close(): Promise<void>
}

// This path is correct from apps/server/src and from the bundle in apps/server/dist.
const agentFile = new URL('../../agent/dist/agent.sh', import.meta.url)

/** Opens all parts of a server, in the order of their dependencies. */
export async function openServer(config: Config, log: Logger): Promise<Server> {
  makeDirectories(config)
  const agentFiles = openAgentFiles(agentFile, config)
  await checkAgentVersionMin(config, agentFiles)

  const parts = openedParts(log)
  const { dataDirectory, publicUrl } = config
  const database = parts.add(await openServerDatabase(config, log))
  const queues = parts.add(await openQueues({ redisUrl: config.redisUrl, databaseUrl: database.directUrl, log }))
  const bus = parts.add(openBus(queues.redis))
  const viewers = parts.add(openViewers(bus))
  const uploadsDirectory = join(dataDirectory, 'sources', 'uploads')
  const uploads = openUploads(uploadsDirectory)
  const ownMirrors = parts.add(
    openMirrors({
      directory: join(dataDirectory, 'sources'),
      tarballBytesMax: config.sourcesBytesMax,
      environment: config.environment,
      allowPrivate: config.notifiers.allowPrivate,
      log: (event, fields) => log.info(fields, event),
    }),
  )
  const mirrors = withUploads(ownMirrors, uploadsDirectory)
  const farm = parts.add(openFarm(farmOptions(config, database.url)))
  const metrics = openMetrics({ farm, dataDirectory })
  parts.add(addProcessMetrics(metrics.registry))
  farm.onEvent(metrics.onEvent)
  if (config.traces) farm.onEvent(parts.add(await openTraces(config.traces, farm, config.secrets.server, log)).onEvent)
  bus.subscribe(topics.revoked, attempt => farm.attempts.dropCached(attempt))
  await admitAdminToken(farm, config, log)
  await farm.attempts.extendLeases() // before a task can expire a lease

  const dispatch = openDispatch(queues, log)
  const notifiers = parts.add(makeNotifiers(config.notifiers))
  const deliveryWork = parts.add(openDeliveryWork({ farm, mirrors, log }))
  const tasks = parts.add(
    openTasks(queues, {
      farm,
      mirrors,
      uploads,
      dispatch,
      bus,
      metrics,
      statusSender: statusSender(config.notifiers),
      notifiers,
      deliveryWork,
      publicUrl,
      namedSecrets: config.namedSecrets,
      log,
    }),
  )
  farm.onEvent(eventPublisher({ bus, dispatch, requests: tasks.requests, viewers, log }))
  parts.add(await watchFarmFile(config.farmFile, farm, log))
  await farm.polling.wantLooks() // commits may have been pushed while the farm was down
  for (const repository of await farm.polling.listDue()) tasks.requests.look(repository)

  const claimLoop = openClaimLoop({ farm, dispatch, bus })
  const services = {
    ...{ config, farm, mirrors, uploads, bus, claimLoop, viewers, metrics, deliveryWork, ...agentFiles },
    pingRedis: queues.redis && (() => queues.redis?.ping() as Promise<unknown>),
  }
  const app = parts.add(await buildApp(services, { log }))
  const signedApp = agentFiles.signed && parts.add(await buildSignedApp(services, agentFiles.signed, { log }))

  return {
    async listen() {
      if (signedApp && config.signed) {
        const signedAddress = await signedApp.listen({ host: config.signed.host, port: config.signed.port, backlog })
        log.info({ signedAddress, signedUrl: config.signed.url }, 'the server accepts signed requests')
      }
      const address = await app.listen({ host: config.host, port: config.port, backlog })
      const { port } = app.server.address() as AddressInfo // with PORT=0, the system chooses the port
      parts.add(writeAddressNote(dataDirectory, localUrl(config.host, port)))
      log.info({ address }, 'the server accepts requests')
    },
    close: parts.close,
  }
}

/**
 * How many connections may wait until the server accepts them. After a restart of the server, thousands of hosts connect
 * within a few seconds. Node's default is 511. The system may limit this number further (net.core.somaxconn).
 */
const backlog = 4096

const farmOptions = (config: Config, databaseUrl: string) => ({
  databaseUrl,
  databaseReadUrl: config.databaseReadUrl,
  databasePooler: config.databaseDirectUrl !== undefined,
  connectionsMax: config.databaseConnections,
  readConnectionsMax: config.databaseReadConnections,
  logsDirectory: join(config.dataDirectory, 'logs'),
  diskReserveBytes: config.diskReserveBytes,
  secret: config.secrets.server,
  leaseSeconds: config.leaseSeconds,
  agentVersionMin: config.agentVersionMin,
  silentSeconds: config.silentSeconds,
})

/**
 * Makes the directories of sources and logs private, because projects can be private. Other users of this machine must
 * not read these directories. A job that runs as another user must not read them either.
 */
function makeDirectories({ dataDirectory }: Config): void {
  for (const name of ['sources', 'logs']) {
    const directory = join(dataDirectory, name)
    mkdirSync(directory, { recursive: true })
    chmodSync(directory, 0o700)
  }
}
