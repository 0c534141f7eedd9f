import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTemporaryPostgres } from '../../packages/local-postgres/src/index.ts'
import type { AgentHost } from '../support/agent-host.ts'
import { startBucket, type TestBucket } from '../support/bucket.ts'
import { TestFarm, type WrittenProject } from '../support/farm-fixture.ts'
import { type FreezablePostgres, freezablePostgres } from '../support/freezable-postgres.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import type { StorageKind } from './storages.ts'

export interface WorldOptions {
  servers: number
  storage: StorageKind
  hosts: number
  /** The project `sample`. */
  project: WrittenProject
}

/** A farm with several servers behind a load balancer, whose parts can fail. */
export interface World {
  farm: TestFarm
  hosts: readonly AgentHost[]
  balancer: Balancer
  postgres: FreezablePostgres
  /** Undefined if the farm keeps its files in a directory. */
  bucket: TestBucket | undefined
  /** The servers that run now. */
  servers: ServerProcess[]
  /** Ends a server with KILL or TERM. It no longer belongs to `servers`. */
  endServer(server: ServerProcess, how: 'kill9' | 'stop'): Promise<void>
  startServer(): Promise<void>
  close(): Promise<void>
}

/** A host whose server is away notices it soon, so that a run of some minutes has many losses and recoveries. */
const leaseSeconds = '30'

export async function openWorld({ servers: count, storage, hosts: hostCount, project }: WorldOptions): Promise<World> {
  const database = await startTemporaryPostgres()
  const postgres = await freezablePostgres(database.url)
  const balancer = await startBalancer()
  const bucket = storage === 's3' ? await startBucket() : undefined
  const environment = {
    ...bucket?.environment,
    FARM_SECRET: 'only for tests'.repeat(3),
    LEASE_SECONDS: leaseSeconds,
    PUBLIC_URL: balancer.url,
    LOG_LEVEL: 'info',
  }
  const farm = await TestFarm.prepare({
    databaseUrl: postgres.url,
    queues: 'redis',
    environment,
    projects: { sample: project },
  })
  farm.use(balancer.url)
  const servers: ServerProcess[] = []
  let started = 0
  const serve = () => balancer.serve(servers.map(({ url }) => Number(new URL(url).port)))
  const world: World = {
    ...{ farm, balancer, postgres, bucket, servers, hosts: [] },
    async endServer(server, how) {
      servers.splice(servers.indexOf(server), 1)
      if (how === 'kill9') serve()
      await server[how]()
      serve()
    },
    async startServer() {
      started += 1
      const own = bucket ? { RUMPFARM_DATA: join(farm.directory, `data-${started}`) } : {}
      servers.push(await farm.another(own))
      serve()
    },
    async close() {
      await farm.close()
      await balancer.close()
      await bucket?.close()
      await postgres.close()
      await database.stop()
    },
  }
  for (let number = 0; number < count; number++) await world.startServer()
  const hosts: AgentHost[] = []
  for (let number = 1; number <= hostCount; number++) hosts.push(await farm.host(`host-${number}`))
  return { ...world, hosts }
}

/** Repeats a request until a server answers it. */
export async function persist<Result>(request: () => Promise<Result>, until: number): Promise<Result> {
  for (;;) {
    try {
      return await request()
    } catch (error) {
      if (Date.now() > until) throw error
      await sleep(500)
    }
  }
}
