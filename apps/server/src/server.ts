import { chmodSync, mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeNotifiers, openMirrors, openUploads, statusSender, withUploads } from '@rumpfarm/connectors'
import { openFarm } from '@rumpfarm/farm'
import { type Bucket, openBucket } from '@rumpfarm/storage'
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
import { followClock } from './farm-time.ts'
import { Draining } from './http/draining.ts'
import { openSharedCounts } from './http/shared-counts.ts'
import { localUrl, writeAddressNote } from './local-address.ts'
import { openMembership, serverFacts } from './membership.ts'
import { openMetrics } from './metrics/metrics.ts'
import { addProcessMetrics } from './metrics/process-metrics.ts'
import { openedParts } from './opened-parts.ts'
import { endThisServer } from './shutdown.ts'
import { openTraces } from './traces/open-traces.ts'
import { openDeliveryWork } from './trigger/open-delivery-work.ts'

export interface Server {
  listen(): Promise<void>
  /**
   * Answers the last requests, and then closes all parts in the reverse order. Last it closes the database. `hurry` ends
   * the wait for requests.
   */
  close(hurry: AbortSignal): Promise<void>
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
  const self = await serverFacts(config)
  const bus = parts.add(openBus({ serverId: self.id, redis: queues.redis, databaseUrl: database.directUrl, log }))
  const viewers = parts.add(openViewers(bus))
  const bucket = config.bucket && parts.add(await openBucket(config.bucket.place, config.bucket.credentials))
  const farm = parts.add(openFarm(farmOptions(config, database.url, bucket)))
  const uploadsDirectory = join(dataDirectory, 'sources', 'uploads')
  const uploads = openUploads(uploadsDirectory, farm.uploadedFiles)
  const ownMirrors = parts.add(
    openMirrors({
      directory: join(dataDirectory, 'sources'),
      shared: farm.sharedFiles,
      tarballBytesMax: config.sourcesBytesMax,
      environment: config.environment,
      allowPrivate: config.notifiers.allowPrivate,
      log: (event, fields) => log.info(fields, event),
    }),
  )
  const mirrors = withUploads(ownMirrors, uploadsDirectory, farm.uploadedFiles)
  await farm.measureClock()
  followClock(farm.now)
  const membership = parts.add(await openMembership({ self, farm, bus, log, stop: endThisServer })) // before a task can expire a lease
  const metrics = openMetrics({ farm, dataDirectory })
  parts.add(addProcessMetrics(metrics.registry))
  farm.onEvent(metrics.onEvent)
  if (config.traces) farm.onEvent(parts.add(await openTraces(config.traces, farm, config.secrets.server, log)).onEvent)
  bus.subscribe(topics.revoked, attempt => farm.attempts.dropCached(attempt))
  await admitAdminToken(farm, config, log)

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
  parts.add(await watchFarmFile({ path: config.farmFile, farm, self, log }))
  await farm.polling.wantLooks() // commits may have been pushed while the farm was down
  for (const repository of await farm.polling.listDue()) tasks.requests.look(repository)

  const draining = new Draining()
  const claimLoop = openClaimLoop({ farm, dispatch, bus })
  const services = {
    ...{ config, farm, mirrors, uploads, bus, claimLoop, viewers, metrics, deliveryWork, ...agentFiles },
    sharedCounts: queues.redis && openSharedCounts(queues.redis, self.id, log),
    ...{ draining, serverProblems: membership.problems },
    pingBucket: bucket && (() => bucket.ping()),
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
    async close(hurry) {
      await draining.drain(config.drainSeconds, hurry)
      await parts.close()
    },
  }
}

/**
 * How many connections may wait until the server accepts them. After a restart of the server, thousands of hosts connect
 * within a few seconds. Node's default is 511. The system may limit this number further (net.core.somaxconn).
 */
const backlog = 4096

const farmOptions = (config: Config, databaseUrl: string, bucket: Bucket | undefined) => ({
  databaseUrl,
  databaseReadUrl: config.databaseReadUrl,
  databasePooler: config.databaseDirectUrl !== undefined,
  connectionsMax: config.databaseConnections,
  readConnectionsMax: config.databaseReadConnections,
  logsDirectory: join(config.dataDirectory, 'logs'),
  bucket,
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
