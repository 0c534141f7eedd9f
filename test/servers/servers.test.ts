// Three servers in three networks, behind a real load balancer with the configuration of docs/scaling.md.
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, onTestFailed, test } from 'vitest'
import { startBucket } from '../support/bucket.ts'
import { scriptProject, TestFarm } from '../support/farm-fixture.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { freePort, type Program } from '../support/program.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { eventually } from '../support/waiting.ts'
import { balancerRestMs, startBalancer } from './balancers.ts'
import { Machine, openNetwork, ownAddress } from './machines.ts'
import type { Kind } from './programs.ts'

const count = 3
const port = 8080

let closeNetwork: () => Promise<void>
let machines: Machine[]

beforeAll(async () => {
  closeNetwork = await openNetwork()
  machines = []
  for (let number = 1; number <= count; number++) machines.push(await Machine.open(number))
})

afterAll(async () => {
  for (const machine of machines) await machine.close()
  await closeNetwork()
})

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Servers {
  farm: TestFarm
  balancer: Program
  /** The running server of each machine. */
  running: ServerProcess[]
  /** Starts the server of a machine again, and waits until the load balancer uses it. */
  restart(machine: number): Promise<void>
}

interface Way {
  kind: Kind
  queues: 'redis' | 'postgres'
  /** With a bucket, each server has its own directory and its own copy of farm.yaml. */
  files: 'a bucket' | 'a shared directory'
}

async function openServers({ kind, queues, files }: Way): Promise<Servers> {
  const bucket = files === 'a bucket' ? await startBucket('farm-files', ownAddress) : undefined
  if (bucket) closing.push(() => bucket.close())
  const database: TestDatabase = await createTestDatabase()
  closing.push(() => database.drop())
  const farm = await TestFarm.prepare({
    databaseUrl: database.url,
    queues,
    address: ownAddress,
    environment: {
      ...bucket?.environment,
      FARM_SECRET: 'only for tests'.repeat(3),
      TRUST_PROXY: 'true',
      DRAIN_SECONDS: kind === 'haproxy' ? '5' : '0',
    },
    projects: { sample: scriptProject({ artifacts: ['out'] }) },
  })
  closing.push(() => farm.close())
  const running: ServerProcess[] = []
  const start = async (number: number) => {
    const { address, within } = machines[number] as Machine
    const name = `server-${number + 1}`
    const own = bucket ? ownDirectory(farm, name) : {}
    const environment = { ...own, HOST: address, PORT: String(port), SERVER_NAME: name }
    running[number] = await farm.another(environment, within)
  }
  for (let number = 0; number < count; number++) await start(number)
  const balancerPort = await freePort()
  const servers = machines.map(({ address }) => `${address}:${port}`)
  const balancer = await startBalancer(kind, { servers, port: balancerPort, directory: farm.directory })
  closing.push(() => balancer.kill9())
  onTestFailed(() => console.error(`${kind} said:\n${balancer.lines.slice(-30).join('\n')}\n${farm.story()}`))
  farm.use(`http://127.0.0.1:${balancerPort}`)
  const restart = async (number: number) => {
    await start(number)
    await sleep(balancerRestMs)
  }
  return { farm, balancer, running, restart }
}

/** The disk of one server, with a copy of farm.yaml. */
function ownDirectory({ directory, farmFile }: TestFarm, name: string) {
  const own = join(directory, name)
  mkdirSync(own, { recursive: true })
  copyFileSync(farmFile, join(own, 'farm.yaml'))
  return { RUMPFARM_DATA: join(own, 'data'), FARM_FILE: join(own, 'farm.yaml') }
}

/** A job that prints a line with a number every 0.1 s, up to `upTo`, and writes the file `out` of 2 MB. */
const counting = (upTo: number) =>
  `i=0; while [ $i -lt ${upTo} ]; do i=$((i+1)); echo line $i; sleep 0.1; done; yes 1234567 | head -n 250000 >out\n`
const written = '1234567\n'.repeat(250_000)
const counted = (upTo: number) => Array.from({ length: upTo }, (_, i) => `line ${i + 1}\n`).join('')

/** Requests pages and the API all the time, and collects the answers that are not 200. */
function openVisitor(url: string) {
  const failures: string[] = []
  let requests = 0
  let stopped = false
  const visit = async () => {
    for (const path of ['/', '/api/v1/builds', '/api/v1/hosts']) {
      requests++
      await fetch(url + path).then(
        async ({ status }) => void (status === 200 || failures.push(`${path}: ${status}`)),
        error => void failures.push(`${path}: ${error.cause ?? error}`),
      )
    }
  }
  const visiting = (async () => {
    while (!stopped) await visit().then(() => sleep(20))
  })()
  return {
    async stop() {
      stopped = true
      await visiting
      return { requests, failures }
    },
  }
}

/**
 * Like a browser, which sends a GET again if its kept connection ends before the answer. HAProxy ends the connection if a
 * server dies during the request.
 */
const getTwice = (url: string): Promise<Response> => fetch(url).catch(() => fetch(url))

const ways: readonly Way[] = [
  { kind: 'nginx', queues: 'redis', files: 'a bucket' },
  { kind: 'nginx', queues: 'postgres', files: 'a shared directory' },
  { kind: 'haproxy', queues: 'redis', files: 'a bucket' },
]

for (const way of ways) {
  const title = `${way.kind}, queues in ${way.queues}, files in ${way.files}`

  test(`${title}: each server is killed in turn, and jobs continue with byte-exact logs`, async () => {
    const { farm, running, restart } = await openServers(way)
    for (const name of ['vax', 'alpha']) await farm.host(name)
    const build = await farm.push(counting(250))
    const jobs = await build.jobs()
    expect(jobs).toHaveLength(2)
    for (const job of jobs) await job.logged('line 3\n')
    for (let number = 0; number < count; number++) {
      await running[number]?.kill9()
      expect((await getTwice(`${farm.url}/`)).status).toBe(200)
      await restart(number)
    }
    for (const job of jobs) {
      const { verdict, attempts } = await job.finished()
      expect([verdict, attempts.length]).toEqual(['passed', 1])
      expect((await job.log()).toString()).toBe(counted(250))
      expect((await job.artifact('out')).toString() === written).toBe(true)
    }
  })

  test(`${title}: each server stops in turn, and no request fails`, async () => {
    const { farm, running, restart } = await openServers(way)
    for (const name of ['vax', 'alpha']) await farm.host(name)
    const long = await farm.push(counting(250))
    const builds = [long]
    const visitor = openVisitor(farm.url)
    for (let number = 0; number < count; number++) {
      const stopped = running[number]?.stop()
      builds.push(await farm.push(''))
      await stopped
      await restart(number)
    }
    for (const build of builds)
      for (const job of await build.jobs()) {
        const { verdict, attempts } = await job.finished()
        expect([verdict, attempts.length]).toEqual(['passed', 1])
      }
    const { requests, failures } = await visitor.stop()
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(50)
    for (const job of await long.jobs()) expect((await job.log()).toString()).toBe(counted(250))
  })
}

test('a server that the network cuts off loses nothing, and works again afterwards', async () => {
  const { farm, running } = await openServers({ kind: 'nginx', queues: 'redis', files: 'a bucket' })
  await farm.host('vax')
  const build = await farm.push(counting(100))
  const job = await build.job()
  await job.logged('line 3\n')
  const [first] = machines
  await first?.cut()
  await job.logged('line 60\n')
  await first?.heal()
  const { verdict, attempts } = await job.finished()
  expect([verdict, attempts.length]).toEqual(['passed', 1])
  expect((await job.log()).toString()).toBe(counted(100))
  await eventually('the server that was cut off', async () => {
    const answer = await fetch(`${farm.url}/readyz`)
    return (await answer.text()) === '{"status":"ok"}' || undefined
  })
  expect(running.every(server => server.running)).toBe(true)
})
