import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  aliveSeconds,
  beatSeconds,
  type Farm,
  newestMigration,
  type ServerFacts,
  type ServerView,
  sign,
} from '@rumpfarm/farm'
import type { BucketPlace } from '@rumpfarm/storage'
import type { Logger } from 'pino'
import { type Config, ConfigError } from './config.ts'
import type { Bus } from './events/bus.ts'
import { keptSecret } from './secret-file.ts'

/** This server among the servers of its farm. */
export interface Membership {
  /** What is wrong between this server and the others, for people. */
  problems(): readonly string[]
  close(): Promise<void>
}

interface Given {
  self: ServerFacts
  farm: Pick<Farm, 'servers' | 'measureClock' | 'now'>
  bus: Pick<Bus, 'hears'>
  log: Logger
  /** Ends this server, because it cannot work with the database any more. */
  stop: () => void
}

export async function serverFacts({
  serverName,
  port,
  secrets,
  redisUrl,
  dataDirectory,
  bucket,
}: Config): Promise<ServerFacts> {
  return {
    id: randomUUID(),
    name: serverName ?? `${hostname()}:${port === 0 ? process.pid : port}`,
    migration: await newestMigration(),
    queues: redisUrl === undefined ? 'postgres' : 'redis',
    storage: bucket
      ? nameOfBucket(bucket.place)
      : `directory ${keptSecret(join(dataDirectory, 'storage-id'), randomUUID)}`,
    secretSum: sign(secrets.server, 'all servers of a farm have this secret').slice(0, 32),
  }
}

/** The name of a bucket among the storages of servers. */
export const nameOfBucket = ({ bucket, prefix }: BucketPlace): string => `bucket ${bucket}/${prefix}`

/**
 * Adds this server to the servers of the farm, and then reports every two seconds that it is alive. Rejects with a
 * `ConfigError` if a server with other settings runs.
 */
export async function openMembership(given: Given): Promise<Membership> {
  const { self, farm, bus, log } = given
  await register(given)
  let problems: string[] = []
  const look = async () => {
    const clockAheadMs = await farm.measureClock()
    const servers = await farm.servers.beat(self, clockAheadMs)
    const found = problemsOf({ self, servers, bus, now: farm.now() })
    for (const problem of found) if (!problems.includes(problem)) log.warn(problem)
    problems = found
    const breaking = await farm.servers.breakingMigration(self)
    if (breaking === undefined) return
    log.fatal(`a newer version of the farm has applied the migration ${breaking}: this server stops. Update it`)
    given.stop()
  }
  let looking: Promise<void> | undefined
  const beats = setInterval(() => {
    looking ??= look()
      .catch(error => log.debug({ err: error }, 'this server could not report that it is alive'))
      .finally(() => {
        looking = undefined
      })
  }, beatSeconds * 1000)
  return {
    problems: () => problems,
    async close() {
      clearInterval(beats)
      await looking
      await farm.servers.remove(self.id)
    },
  }
}

/** A server that was killed counts as alive for some seconds, so this waits before it refuses to start. */
async function register({ self, farm, log }: Given): Promise<void> {
  for (let seconds = 0; ; seconds++) {
    const outcome = await farm.servers.register(self)
    if (outcome.kind === 'registered') {
      if (outcome.wasDown) log.info('no other server was running, so every lease has its full length again')
      return
    }
    const conflicts = outcome.conflicts.join('; ')
    if (seconds > aliveSeconds) throw new ConfigError(`this server cannot run beside the others: ${conflicts}`)
    if (seconds === 0) log.warn({ conflicts }, 'waiting, because a server with other settings was running just now')
    await sleep(1000)
  }
}

/** A clock that is wrong by less does not matter. */
const clockMsMax = 5_000
/** Servers hear each other within this time after a start. */
const hearingMs = 15_000
/** A server that was not seen for longer may have been killed. */
const seenMsMax = 5_000
/** People and programs copy a new farm.yaml to all servers within this time. */
const copyMs = 60_000

interface Look extends Pick<Given, 'self' | 'bus'> {
  servers: readonly ServerView[]
  now: Date
}

/** What is wrong between the servers of the farm, for people: one sentence for each problem. */
export function problemsOf({ self, servers, bus, now }: Look): string[] {
  const olderThan = (at: Date, ms: number) => now.getTime() - at.getTime() > ms
  const settled = servers.filter(
    ({ startedAt, seenAt }) => olderThan(startedAt, hearingMs) && !olderThan(seenAt, seenMsMax),
  )
  const isSettled = settled.some(({ id }) => id === self.id)
  const unheard = isSettled ? settled.filter(({ id }) => id !== self.id && !bus.hears(id)) : []
  return [
    ...servers.flatMap(wrongClock),
    ...servers.flatMap(server => (olderThan(server.startedAt, copyMs) ? otherFile(server, now) : [])),
    ...unheard.map(({ name }) => noWakeUps(self, name)),
  ]
}

function wrongClock({ name, clockAheadMs }: ServerView): string[] {
  if (Math.abs(clockAheadMs) <= clockMsMax) return []
  const [seconds, side] = [Math.round(Math.abs(clockAheadMs) / 1000), clockAheadMs > 0 ? 'ahead of' : 'behind']
  return [`the clock of ${name} is ${seconds} s ${side} the clock of the database, which the farm uses: set the clock`]
}

function otherFile({ name, otherFile }: ServerView, now: Date): string[] {
  if (!otherFile) return []
  const { acceptedAt, acceptedBy } = otherFile
  if (now.getTime() - Date.parse(acceptedAt) < copyMs) return []
  return [`the farm.yaml of ${name} is not the active one, which ${acceptedBy} has: copy the file to ${name}`]
}

const noWakeUps = (self: ServerFacts, name: string): string =>
  `${self.name} receives no wake-ups from ${name}, so hosts and pages wait up to 10 s longer: ${
    self.queues === 'redis' ? 'REDIS_URL must name the same Redis on all servers' : 'see the log of both servers'
  }`
