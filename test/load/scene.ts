import { spawnSync } from 'node:child_process'
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { secretFile } from '../../apps/server/src/secret-file.ts'
import { type LocalPostgres, startLocalPostgres } from '../../packages/local-postgres/src/index.ts'
import { types } from '../support/number-types.ts'
import { type Api, testApi } from '../support/patient-api.ts'
import { Program } from '../support/program.ts'
import { TestRedis } from '../support/redis.ts'
import { tokenOf } from '../support/wire-host.ts'
import { makeRepository, moveMain, type Repository, serveRepositories } from './repository.ts'
import { SimulatedHost } from './simulated-host.ts'

/** A farm for one measurement: PostgreSQL, Redis if it is installed, and a server as in production. */
export interface Scene {
  url: string
  api: Api
  server: RunningServer
  /** All servers, `server` first. */
  servers: RunningServer[]
  postgres: LocalPostgres
  /** Undefined if redis-server is not installed. Then the farm keeps its queues in PostgreSQL. */
  redis: TestRedis | undefined
  db: pg.Client
  repository: Repository
  place: Place
  directory: string
  /** Makes the commit the newest of main, and sends GitHub's webhook with the address `from`. Returns both times. */
  push(from: 'served' | 'local', commit: string): Promise<{ sentAt: number; answeredAt: number }>
  /** Hosts that have enrolled and sent a hello. They use the servers alternately. */
  hosts(count: number, arches: readonly string[]): Promise<SimulatedHost[]>
  invite(name: string): Promise<string>
  /** Starts another server on the same database, queues and directory. */
  addServer(): Promise<void>
  close(): Promise<void>
}

export interface RunningServer {
  url: string
  pid: number
  program: Program
}

export interface Place {
  /** The addresses of the repository: over the git protocol, and as a directory. */
  served: string
  local: string
  /** The directory of the scene. */
  directory: string
}

export interface SceneOptions {
  farmYaml(place: Place): string
  commits?: number
  /** Further settings of PostgreSQL. */
  parameters?: Record<string, string>
  /** False if the server may use all cores. */
  ownCore?: boolean
}

const secret = randomBytes(32).toString('hex')
export const adminToken = `rft-${randomBytes(24).toString('hex')}`

export async function openScene({
  farmYaml,
  commits = 1,
  parameters = {},
  ownCore = true,
}: SceneOptions): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-bench-'))
  chmodSync(directory, 0o711) // if root runs this, PostgreSQL runs as another user, who needs access
  const closing: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })]
  const close = async () => {
    for (const step of closing.splice(0)) await step()
  }
  try {
    const repository = makeRepository(directory, commits)
    const daemon = await serveRepositories(directory)
    closing.unshift(daemon.stop)
    const place = { served: `${daemon.url}/project`, local: repository.path, directory }
    writeFileSync(join(directory, 'farm.yaml'), farmYaml(place))
    const postgres = await startLocalPostgres({
      directory: join(directory, 'postgres'),
      passwordFile: secretFile(join(directory, 'postgres-password')),
      log: quiet,
      parameters,
      ...aside(directory),
    })
    closing.unshift(postgres.stop)
    const redis = redisIsHere() ? await TestRedis.open(directory) : undefined
    if (redis) closing.unshift(() => redis.stop())
    const servers: RunningServer[] = []
    const addServer = async () => {
      const server = await startServer(directory, postgres, redis, ownCore ? onItsOwnCore : [])
      servers.push(server)
      closing.unshift(() => server.program.stop())
    }
    await addServer()
    const server = servers[0] as RunningServer
    const db = new pg.Client({ connectionString: postgres.url, types })
    await db.connect()
    closing.unshift(() => db.end())
    const { url } = server
    const stores = { postgres, redis, db, repository, place, directory }
    const parts = { url, api: testApi(url, adminToken), server, servers, addServer, ...stores }
    return { ...parts, ...deeds(parts, place), close }
  } catch (error) {
    await close()
    throw error
  }
}

const quiet = { info: () => {}, error: (line: string) => console.error(line) }

const aside = (directory: string) => ({ fallback: join(directory, 'fallback') })

const redisIsHere = () => spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0

// This code runs as part of a bundle, and main.js is in the directory of the bundle.
const main = fileURLToPath(new URL('main.js', import.meta.url))

/** If there are several cores, the server has the first core for itself, so that other programs disturb it less. */
export const onItsOwnCore = availableParallelism() > 1 ? ['taskset', '-c', '0'] : []

async function startServer(
  directory: string,
  postgres: LocalPostgres,
  redis: TestRedis | undefined,
  onCore: readonly string[],
): Promise<RunningServer> {
  const data = join(directory, 'data')
  mkdirSync(data, { recursive: true })
  const environment = {
    PORT: '0',
    RUMPFARM_DATA: data,
    FARM_FILE: join(directory, 'farm.yaml'),
    DATABASE_URL: postgres.url,
    REDIS_URL: redis?.url ?? '',
    ADMIN_TOKEN: adminToken,
    GITHUB_WEBHOOK_SECRET: secret,
  }
  const inherited = { PATH: process.env.PATH ?? '', HOME: directory }
  const program = new Program([...onCore, process.execPath, main], { ...inherited, ...environment }, directory)
  // The server logs its address when it listens. taskset replaces itself by node, so the process id stays the same.
  const url = await program.line('where it answers', line => /"address":"([^"]+)"/.exec(line)?.[1])
  return { url, program, pid: program.child.pid as number }
}

function deeds({ api, url, servers }: Pick<Scene, 'api' | 'url' | 'servers'>, place: Place) {
  const invite = async (name: string): Promise<string> => {
    const { line } = await api.post<{ line: string }>('/api/v1/hosts/invitations', { name })
    return tokenOf(line)
  }
  const oneHost = async (name: string, arches: readonly string[], number: number) => {
    const host = new SimulatedHost(servers[number % servers.length]?.url ?? url, name, arches)
    await host.enroll(await invite(name))
    await host.hello()
    return host
  }
  return {
    invite,
    async push(from: 'served' | 'local', commit: string) {
      moveMain(place.local, commit)
      return pushOf(url, { repository: place[from], commit })
    },
    async hosts(count: number, arches: readonly string[]) {
      const hosts: SimulatedHost[] = []
      for (let first = 0; first < count; first += enrolAtOnce) {
        const names = Array.from({ length: Math.min(enrolAtOnce, count - first) }, (_, i) => `sim-${first + i}`)
        hosts.push(...(await Promise.all(names.map((name, i) => oneHost(name, arches, first + i)))))
      }
      return hosts
    },
  }
}

const enrolAtOnce = 10

async function pushOf(url: string, { repository, commit }: { repository: string; commit: string }) {
  const head_commit = { message: 'Change something', author: { name: 'Bench' } }
  const push = { ref: 'refs/heads/main', after: commit, head_commit, repository: { clone_url: repository } }
  const body = JSON.stringify(push)
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  }
  const sentAt = preciseNow()
  const answer = await fetch(`${url}/webhooks/github`, { method: 'POST', body, headers })
  const answeredAt = preciseNow()
  if (!answer.ok) throw new Error(`the push of ${commit} was answered ${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
  return { sentAt, answeredAt }
}

/** Milliseconds since the epoch with fractions, to compare with `date +%s%N` in a job. */
export const preciseNow = (): number => performance.timeOrigin + performance.now()
