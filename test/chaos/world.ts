import { setTimeout as sleep } from 'node:timers/promises'
import { startTemporaryPostgres } from '../../packages/local-postgres/src/index.ts'
import type { AgentHost } from '../support/agent-host.ts'
import { TestFarm, type WrittenProject } from '../support/farm-fixture.ts'
import { type FreezablePostgres, freezablePostgres } from '../support/freezable-postgres.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { type Balancer, startBalancer } from './balancer.ts'

export interface WorldOptions {
  servers: number
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
  /** The servers that run now. */
  servers: ServerProcess[]
  /** Ends a server with KILL or TERM. It no longer belongs to `servers`. */
  endServer(server: ServerProcess, how: 'kill9' | 'stop'): Promise<void>
  startServer(): Promise<void>
  close(): Promise<void>
}

/** A host whose server is away notices it soon, so that a run of some minutes has many losses and recoveries. */
const leaseSeconds = '30'

export async function openWorld({ servers: count, hosts: hostCount, project }: WorldOptions): Promise<World> {
  const database = await startTemporaryPostgres()
  const postgres = await freezablePostgres(database.url)
  const balancer = await startBalancer()
  const environment = { LEASE_SECONDS: leaseSeconds, PUBLIC_URL: balancer.url, LOG_LEVEL: 'info' }
  const farm = await TestFarm.prepare({
    databaseUrl: postgres.url,
    queues: 'redis',
    environment,
    projects: { sample: project },
  })
  farm.answerAt(balancer.url)
  const servers: ServerProcess[] = []
  const serve = () => balancer.serve(servers.map(({ url }) => Number(new URL(url).port)))
  const world: World = {
    ...{ farm, balancer, postgres, servers, hosts: [] },
    async endServer(server, how) {
      servers.splice(servers.indexOf(server), 1)
      if (how === 'kill9') serve()
      await server[how]()
      serve()
    },
    async startServer() {
      servers.push(await farm.another())
      serve()
    },
    async close() {
      await farm.close()
      await balancer.close()
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
