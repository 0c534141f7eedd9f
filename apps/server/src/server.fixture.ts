// A test server that uses a real farm, PostgreSQL and git. It does not listen on a port.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMirrors, openUploads, withUploads } from '@rumpfarm/connectors'
import { type Checksum, cksum, type ProjectConfig, parseAttemptName } from '@rumpfarm/contracts'
import { type DeliveryView, type Farm, type Offer, openFarm } from '@rumpfarm/farm'
import { openBucket } from '@rumpfarm/storage'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import { test, vi } from 'vitest'
import { startBucket, type TestBucket } from '../../../test/support/bucket.ts'
import { fillDirectory } from '../../../test/support/filled-directory.ts'
import { types } from '../../../test/support/number-types.ts'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { releaseOf } from './agent-release/release.ts'
import { buildApp, buildSignedApp } from './app.ts'
import { openClaimLoop } from './background/claim-loop.ts'
import { type Config, readConfig } from './config.ts'
import { localBus, topics } from './events/bus.ts'
import { openViewers } from './events/viewers.ts'
import { openMetrics } from './metrics/metrics.ts'
import type { Services } from './services.ts'
import type { DeliveryWork } from './trigger/delivery-work.ts'
import { openDeliveryWork } from './trigger/open-delivery-work.ts'

export const adminToken = 'rft-admin-of-the-tests'

export interface Repository {
  directory: string
  git(...args: string[]): string
  /** Makes a new commit on the branch that is checked out. */
  commit(subject: string): string
}

export interface TestServer {
  farm: Farm
  config: Config
  app: FastifyInstance
  /** Handles the webhooks whose next try is due. */
  deliveryWork: DeliveryWork
  /** Waits until the farm has handled a delivery, or will try again later. */
  handled(id: number): Promise<DeliveryView>
  repository: Repository
  /** Advances the farm's clock, and forgets the remembered pages. */
  wait(seconds: number): void
  /** Opens the same server with other services. The test must close it. */
  open(services: Partial<Pick<Services, 'farm' | 'config' | 'bus'>>): Promise<FastifyInstance>
  /** Opens the server for SIGNED_PORT. The test must close it. */
  openSigned(): Promise<FastifyInstance>
  ask(request: InjectOptions | string): Promise<LightMyRequestResponse>
  /** Sends a POST request with the administrator's token. */
  post(url: string, payload?: object, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  configure(...changes: Partial<ProjectConfig>[]): Promise<void>
  /** Enrols a host that can take jobs. */
  host(name: string, arches?: string[]): Promise<TestHost>
  /** Creates a build with prepared sources, and returns its id. */
  build(commit?: string): Promise<number>
  /** Returns the number of builds in the database. */
  stored(): Promise<number>
  /** Returns the number of pushes in the database. */
  pushes(): Promise<number>
  databaseUrl: string
  /** Runs a statement in the farm's database. */
  sql(statement: string): Promise<Record<string, unknown>[]>
}

export interface TestHost {
  id: number
  name: string
  credential: string
  /** Takes an attempt. `say` sends its log, and `end` finishes it. */
  take(attempt: string): Promise<Offer>
  say(offer: Offer, text: string | Buffer, offset?: number): Promise<void>
  end(
    offer: Offer,
    options?: { exits?: number[]; log?: string | Buffer; artifacts?: Record<string, Buffer>; left?: string[] },
  ): Promise<void>
}

export const project = (repository: string, changes: Partial<ProjectConfig> = {}): ProjectConfig => ({
  name: 'sample',
  repository,
  branches: ['main', 'release/*'],
  leaveOut: [],
  sources: [],
  hosts: ['*'],
  arches: ['*'],
  env: { COLOUR: 'red' },
  limits: {
    wallSeconds: 3600,
    silenceSeconds: 600,
    graceSeconds: 5,
    logBytes: 10_000_000,
    artifactBytes: 10_000_000,
    lostAfterSeconds: 600,
    attempts: 2,
  },
  variants: { default: { env: {}, hosts: ['*'], arches: ['*'] } },
  steps: [
    { name: 'build', run: 'make' },
    { name: 'tests', run: 'make test' },
  ],
  artifacts: [],
  ...changes,
})

export const serverTest = test.extend<{ server: TestServer; testBucket: TestBucket | undefined }>({
  /** Undefined: the farm keeps its logs and artifacts in a directory. */
  // biome-ignore lint/correctness/noEmptyPattern: vitest wants the pattern
  testBucket: async ({}, use) => use(undefined),
  server: async ({ testBucket }, use) => {
    const directory = mkdtempSync(join(tmpdir(), 'server-'))
    const database = await createTestDatabase()
    let time = Date.parse('2024-05-06T07:08:09Z')
    // With this HOST, the server accepts every Host header.
    const env = { RUMPFARM_DATA: join(directory, 'data'), ADMIN_TOKEN: adminToken, HOST: '0.0.0.0' }
    const config = readConfig(env, directory)
    const bucket = testBucket && (await openBucket(testBucket.place, testBucket.credentials))
    const farm = openFarm({
      databaseUrl: database.url,
      logsDirectory: join(directory, 'logs'),
      bucket,
      secret: config.secrets.server,
      now: () => new Date(time),
    })
    await farm.access.admitToken('admin', adminToken, 'admin')
    const mirrors = openMirrors({ directory: join(directory, 'sources'), environment: process.env })
    const bus = localBus()
    const forgetPages = () => bus.publish(topics.matrix)
    // As in the product, an event of the farm forgets the remembered matrix (docs/decisions/0024). A jump of the clock
    // and a statement of a test have no event.
    farm.onEvent(forgetPages)
    const deliveryWork = openDeliveryWork({ farm, mirrors, log })
    const app = await openTestServer({ farm, mirrors, config, bus, deliveryWork })
    const wait = (seconds: number) => {
      time += seconds * 1000
      forgetPages()
    }
    const openSigned = () => {
      const endpoint = { url: 'http://farm.example', script: async () => '' }
      return buildSignedApp(servicesOf({ farm, mirrors, config }), endpoint, { log })
    }
    const open: TestServer['open'] = services => openTestServer({ farm, mirrors, config, ...services })
    const sql = (statement: string) => runSql(database.url, statement).finally(forgetPages)
    const pushes = async () => Number((await sql('SELECT count(*)::int AS pushes FROM "Push"'))[0]?.pushes)
    await use({
      farm,
      config,
      app,
      deliveryWork,
      handled: id => vi.waitFor(() => handledDelivery(farm, id), { timeout: 20_000, interval: 20 }),
      wait,
      open,
      openSigned,
      pushes,
      sql,
      databaseUrl: database.url,
      ...actionsOf(farm, app, makeRepository(join(directory, 'repository')), sql),
    })
    await app.close()
    await deliveryWork.close()
    mirrors.close()
    await farm.close()
    bucket?.close()
    rmSync(directory, { recursive: true })
    await database.drop()
  },
})

/** The same, but the farm keeps its logs and artifacts in a bucket. */
export const bucketServerTest = serverTest.extend<{ testBucket: TestBucket }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest wants the pattern
  testBucket: async ({}, use) => {
    const bucket = await startBucket()
    await use(bucket)
    await bucket.close()
  },
})

const log = pino({ level: 'silent' })

type Given = Pick<Services, 'farm' | 'mirrors' | 'config'> & Partial<Pick<Services, 'bus' | 'deliveryWork'>>

async function openTestServer(given: Given): Promise<FastifyInstance> {
  const app = await buildApp(servicesOf(given), { log })
  await app.ready()
  return app
}

function servicesOf(given: Given): Services {
  const { bus = localBus() } = given
  const agentRelease = async () => releaseOf(Buffer.from('AGENT_VERSION=1.0.0\n'))
  const metrics = openMetrics({ farm: given.farm, dataDirectory: given.config.dataDirectory })
  const uploadsDirectory = join(given.config.dataDirectory, 'sources', 'uploads')
  const mirrors = withUploads(given.mirrors, uploadsDirectory, given.farm.uploadedFiles)
  const uploads = openUploads(uploadsDirectory, given.farm.uploadedFiles)
  const { deliveryWork = openDeliveryWork({ ...given, mirrors, log }) } = given
  return {
    ...given,
    deliveryWork,
    mirrors,
    uploads,
    bus,
    claimLoop: openClaimLoop({ farm: given.farm, dispatch: { remove: () => {} }, bus }),
    agentRelease,
    viewers: openViewers(bus),
    metrics,
  } as unknown as Services
}

/** Locks the cells: every read of the matrix waits until this connection ends. */
export async function lockCells({ databaseUrl }: TestServer): Promise<pg.Client> {
  const lock = new pg.Client({ connectionString: databaseUrl })
  await lock.connect()
  await lock.query('BEGIN')
  await lock.query('LOCK TABLE "Cell" IN ACCESS EXCLUSIVE MODE')
  return lock
}

async function handledDelivery(farm: Farm, id: number): Promise<DeliveryView> {
  const delivery = await farm.deliveries.find(id)
  if (delivery && delivery.outcome !== 'waiting') return delivery
  throw new Error(`delivery ${id} is ${delivery?.outcome ?? 'unknown'}`)
}

async function runSql(connectionString: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString, types })
  await client.connect()
  const { rows } = await client.query(statement)
  await client.end()
  return rows
}

function makeRepository(directory: string): Repository {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false']
  const git = (...args: string[]) =>
    execFileSync('git', [...identity, '-C', directory, ...args], { encoding: 'utf8' }).trim()
  const commit = (subject: string) => {
    writeFileSync(join(directory, 'a.c'), `/* ${subject} */\n`)
    git('add', '--all')
    git('commit', '--quiet', '-m', subject)
    return git('rev-parse', 'HEAD')
  }
  fillDirectory(directory, 'server', () => {
    execFileSync('git', ['init', '--quiet', '--initial-branch=main', '--template=', directory])
    commit('First')
  })
  return { directory, git, commit }
}

function actionsOf(farm: Farm, app: FastifyInstance, repository: Repository, sql: TestServer['sql']) {
  const ask: TestServer['ask'] = request => app.inject(request)
  return {
    repository,
    ask,
    post: (url: string, payload: object = {}, headers: Record<string, string> = {}) =>
      ask({ method: 'POST', url, payload, headers: { authorization: `Bearer ${adminToken}`, ...headers } }),
    configure: (...changes: Partial<ProjectConfig>[]) =>
      farm.projects.applyConfiguration(
        (changes.length > 0 ? changes : [{}]).map(change => project(repository.directory, change)),
      ),
    host: (name: string, arches = ['amd64']) => enrol(farm, sql, name, arches),
    build: (commit = repository.git('rev-parse', 'HEAD')) => build(farm, commit),
    stored: async () => (await farm.builds.list({ limit: 1000 })).length,
  }
}

async function build(farm: Farm, commit: string): Promise<number> {
  const of = { kind: 'branch', branch: 'main' } as const
  const request = { project: 'sample', commit, of, cause: 'push', source: 'test', deliveryId: commit } as const
  const pushed = await farm.builds.request(request)
  if (pushed.kind !== 'built') throw new Error(`push: ${pushed.kind}`)
  await farm.builds.markSourcesReady(pushed.buildId, { sources: [], subject: 'First', author: 'Ada' })
  return pushed.buildId
}

async function enrol(farm: Farm, sql: TestServer['sql'], name: string, arches: string[]): Promise<TestHost> {
  const invited = await farm.hosts.invite(name)
  if (invited.kind !== 'invited') throw new Error(`invite: ${invited.kind}`)
  const facts = { uname_s: 'NetBSD', uname_r: '5.1', uname_m: 'vax' }
  const joined = await farm.hosts.enroll({ token: invited.token, nonce: 'n1', version: '1.0.0', facts })
  const credential = joined.kind === 'enrolled' ? (joined.credential ?? '') : ''
  const host = (await farm.hosts.findByCredentials([credential])).get(credential)
  if (!host) throw new Error(`enroll: ${joined.kind}`)
  const declared = arches.map(arch => ({ arch, kind: 'native', compiler: 'cc 1' }) as const)
  const instance = `${name}-1`
  await farm.hosts.hello({ hostId: host.id, instance, slots: 1, version: '1.0.0', facts, arches: declared })
  return { ...host, credential, ...work(farm, sql, host.id, instance) }
}

function work(
  farm: Farm,
  sql: TestServer['sql'],
  hostId: number,
  instance: string,
): Pick<TestHost, 'take' | 'say' | 'end'> {
  let claim = 0
  const heldBy = ({ attempt, lease }: Offer) => ({ ...attemptOf(attempt), hostId, lease })
  return {
    async take(attempt) {
      const { jobId, number } = attemptOf(attempt)
      await sql(`UPDATE "OpenAttempt" SET "priority" = 99 WHERE "jobId" = ${jobId} AND "number" = ${number}`) // it is next
      const outcome = await farm.attempts.lease({ hostId, instance, slot: 1, claim: ++claim })
      if (outcome.kind !== 'offer' || outcome.offer.attempt !== attempt)
        throw new Error(`attempt ${attempt} cannot be taken: ${JSON.stringify(outcome)}`)
      return outcome.offer
    },
    async say(offer, text, offset = 0) {
      const bytes = Buffer.from(text)
      const outcome = await farm.attempts.recordProgress({
        ...heldBy(offer),
        offset,
        bytes,
        checksum: crcOf(bytes),
        steps: [],
      })
      if (outcome.kind !== 'ok') throw new Error(`progress: ${outcome.kind}`)
    },
    async end(offer, { exits = [0, 0], log = '', artifacts = {}, left = [] } = {}) {
      const uploaded = Object.entries(artifacts).map(([name, bytes]) => ({
        name,
        bytes: bytes.length,
        checksum: crcOf(bytes),
      }))
      for (const { name, bytes: size, checksum } of uploaded) {
        const piece = { name, size, offset: 0, bytes: artifacts[name] ?? Buffer.alloc(0), checksum }
        const stored = await farm.attempts.storeArtifact({ ...heldBy(offer), ...piece })
        if (stored.kind !== 'ok') throw new Error(`artifact ${name}: ${stored.kind}`)
      }
      const bytes = Buffer.from(log)
      const steps = exits.map(exit => ({ exit, milliseconds: 5, logBytes: bytes.length }))
      const ended = await farm.attempts.finish({
        ...heldBy(offer),
        reason: 'exit',
        steps,
        logBytes: bytes.length,
        checksum: crcOf(bytes),
        artifacts: uploaded,
        artifactsLeft: left,
      })
      if (ended.kind !== 'finished') throw new Error(`finish: ${ended.kind}`)
    },
  }
}

function attemptOf(name: string) {
  const attempt = parseAttemptName(name)
  if (!attempt) throw new Error(`${name} is no attempt`)
  return attempt
}

const crcOf = (bytes: Uint8Array): Checksum => ({ kind: 'crc', value: String(cksum(bytes)) })
