// A farm with a real PostgreSQL, a clock that the test sets, and hosts that call the farm's methods as the agent routes
// do.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  attemptName,
  type BuildCause,
  type Checksum,
  cksum,
  type FinishReason,
  type ProjectConfig,
  parseAttemptName,
  writeSteps,
} from '@rumpfarm/contracts'
import pg from 'pg'
import { expect, test } from 'vitest'
import { startBucket, type TestBucket } from '../../../test/support/bucket.ts'
import { types } from '../../../test/support/number-types.ts'
import { createTestDatabase } from '../../../test/support/postgres.ts'
import { openBucket } from '../../storage/src/index.ts'
import { type BuildSubject, type Farm, type FarmEvent, type Offer, openFarm, type WantedCells } from '../src/index.ts'

export const leaseSeconds = 90

export const project = (changes: Partial<ProjectConfig> = {}): ProjectConfig => ({
  name: 'sample',
  repository: '/srv/git/sample',
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
    logBytes: 1000,
    artifactBytes: 1000,
    lostAfterSeconds: 600,
    attempts: 2,
  },
  variants: { default: { env: {}, hosts: ['*'], arches: ['*'] } },
  steps: [
    { name: 'configure', run: 'sh configure' },
    { name: 'build', run: 'make' },
    { name: 'tests', run: 'make test' },
  ],
  artifacts: [],
  ...changes,
})

export const commitOf = (letter: string): string => letter.repeat(40)

export interface HostHandle {
  id: number
  name: string
  credential: string
  /** Claims a job as the route does: checks the slot, then tries each message until a lease succeeds. */
  claim(number: number, options?: { slot?: number; instance?: string }): Promise<Offer | string>
}

export interface TestFarm extends Farm {
  logsDirectory: string
  databaseUrl: string
  events: FarmEvent[]
  /** Moves the clock. */
  wait(seconds: number): void
  /** Moves the clock while a server checks the hosts every five seconds. */
  pass(seconds: number): Promise<void>
  now(): Date
  /** Makes these projects active; by default the project `sample`. */
  configure(...projects: ProjectConfig[]): Promise<void>
  host(name: string, arches?: string[]): Promise<HostHandle>
  push(
    commit: string,
    changes?: {
      branch?: string | undefined
      deliveryId?: string
      project?: string
      again?: boolean
      wanted?: WantedCells
      of?: BuildSubject
      cause?: BuildCause
    },
  ): ReturnType<Farm['builds']['request']>
  /** Pushes a commit and makes its sources ready. Returns the build's id. */
  build(commit: string): Promise<number>
  say(
    host: HostHandle,
    offer: Offer,
    text: string,
    changes?: Partial<Parameters<Farm['attempts']['recordProgress']>[0]>,
  ): ReturnType<Farm['attempts']['recordProgress']>
  end(
    host: HostHandle,
    offer: Offer,
    changes?: { exits?: number[]; reason?: FinishReason; log?: string },
  ): ReturnType<Farm['attempts']['finish']>
  verdicts(): Promise<(string | null)[]>
  /** Runs a statement in the farm's database. */
  sql<Row = Record<string, unknown>>(statement: string, values?: unknown[]): Promise<Row[]>
}

const attemptOf = (offer: Offer) => {
  const attempt = parseAttemptName(offer.attempt)
  if (!attempt) throw new Error(`${offer.attempt} is no attempt`)
  return attempt
}

export const crcOf = (bytes: Uint8Array): Checksum => ({ kind: 'crc', value: String(cksum(bytes)) })

export const farmTest = test.extend<{ farm: TestFarm; testBucket: TestBucket | undefined }>({
  /** Undefined: the farm keeps its logs and artifacts in a directory. */
  // biome-ignore lint/correctness/noEmptyPattern: vitest wants the pattern
  testBucket: async ({}, use) => use(undefined),
  farm: async ({ testBucket }, use) => {
    const database = await createTestDatabase()
    const bucket = testBucket && (await openBucket(testBucket.place, testBucket.credentials))
    const directory = mkdtempSync(join(tmpdir(), 'farm-'))
    let time = Date.parse('2024-05-06T07:08:09Z')
    const events: FarmEvent[] = []
    const farm = openFarm({
      databaseUrl: database.url,
      logsDirectory: directory,
      bucket,
      secret: 'a secret of at least thirty-two characters',
      leaseSeconds,
      now: () => new Date(time),
    })
    farm.onEvent(event => void events.push(event))
    const wait = (seconds: number) => {
      time += seconds * 1000
    }
    const pass = async (seconds: number) => {
      for (let left = seconds; left > 0; left -= 5) {
        wait(Math.min(5, left))
        await farm.hosts.checkSilence()
      }
    }
    const clock = { now: () => new Date(time), wait, pass }
    const sql = await connect(database.url)
    await use({
      ...farm,
      ...clock,
      sql: sql.run,
      logsDirectory: directory,
      databaseUrl: database.url,
      events,
      ...speak(farm),
    })
    const wrong = await sql.run(wrongJobs)
    await sql.close()
    await farm.close()
    bucket?.close()
    rmSync(directory, { recursive: true })
    await database.drop()
    expect(wrong, 'jobs whose status is not that of the newest attempt').toEqual([])
  },
})

/** The same, but the farm keeps its logs and artifacts in a bucket. */
export const bucketTest = farmTest.extend<{ testBucket: TestBucket }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest wants the pattern
  testBucket: async ({}, use) => {
    const bucket = await startBucket()
    await use(bucket)
    await bucket.close()
  },
})

/** Each command that adds or ends attempts also writes the status of their jobs. */
const wrongJobs = `
  SELECT job."id", job."status", a."state", a."verdict"
    FROM "Job" job JOIN LATERAL (SELECT * FROM "Attempt" WHERE "jobId" = job."id" ORDER BY "number" DESC LIMIT 1) a ON true
   WHERE job."status" <> COALESCE(a."verdict", 'open') LIMIT 10`

async function connect(connectionString: string) {
  const client = new pg.Client({ connectionString, types })
  let connected: Promise<unknown> | undefined
  return {
    run: async <Row>(statement: string, values: unknown[] = []): Promise<Row[]> => {
      connected ??= client.connect()
      await connected
      return (await client.query(statement, values)).rows
    },
    close: async () => void (connected && (await client.end())),
  }
}

function speak(farm: Farm) {
  let deliveries = 0
  const push: TestFarm['push'] = (commit, given = {}) => {
    const { branch, ...changes } = { branch: 'main', ...given }
    return farm.builds.request({
      project: 'sample',
      commit,
      of: { kind: 'branch', branch },
      cause: 'push',
      source: 'test',
      deliveryId: `d${++deliveries}`,
      ...changes,
    })
  }
  return {
    push,
    configure: (...projects: ProjectConfig[]) =>
      farm.projects.applyConfiguration(projects.length > 0 ? projects : [project()]),
    host: (name: string, arches = ['amd64']) => enrolled(farm, name, arches),
    async build(commit: string) {
      const pushed = await push(commit)
      if (pushed.kind !== 'built') throw new Error(`push: ${pushed.kind}`)
      await farm.builds.markSourcesReady(pushed.buildId, { sources: [] })
      return pushed.buildId
    },
    say: (host: HostHandle, offer: Offer, text: string, changes: object = {}) => {
      const bytes = Buffer.from(text)
      return farm.attempts.recordProgress({
        ...attemptOf(offer),
        hostId: host.id,
        lease: offer.lease,
        offset: 0,
        bytes,
        checksum: crcOf(bytes),
        steps: [],
        ...changes,
      })
    },
    end: (host: HostHandle, offer: Offer, { exits = [0, 0, 0], reason = 'exit' as FinishReason, log = '' } = {}) => {
      const steps = exits.map(exit => ({ exit, milliseconds: 5, logBytes: log.length }))
      return farm.attempts.finish({
        ...attemptOf(offer),
        hostId: host.id,
        lease: offer.lease,
        reason,
        steps,
        logBytes: log.length,
        checksum: crcOf(Buffer.from(log)),
      })
    },
    verdicts: async () => (await farm.builds.listJobs({ limit: 100 })).map(job => job.verdict ?? job.state),
  }
}

async function enrolled(farm: Farm, name: string, arches: string[]): Promise<HostHandle> {
  const invited = await farm.hosts.invite(name)
  if (invited.kind !== 'invited') throw new Error(`invite: ${invited.kind}`)
  const joined = await farm.hosts.enroll({
    token: invited.token,
    nonce: 'n1',
    version: '1.0.0',
    facts: { uname_m: 'x86_64' },
  })
  if (joined.kind !== 'enrolled' || joined.credential === undefined) throw new Error(`enroll: ${joined.kind}`)
  const bearer = (await farm.hosts.findByCredentials([joined.credential])).get(joined.credential)
  if (!bearer) throw new Error('the credential is not known')
  const declared = arches.map(arch => ({ arch, kind: 'native', compiler: 'cc 1' }) as const)
  const instance = `${name}-1`
  await farm.hosts.hello({
    hostId: bearer.id,
    instance,
    slots: 2,
    version: '1.0.0',
    facts: { uname_s: 'Unix' },
    arches: declared,
  })
  const handle: HostHandle = {
    ...bearer,
    credential: joined.credential,
    claim: (number, { slot = 1, instance: as = instance } = {}) =>
      claim(farm, { hostId: bearer.id, instance: as, slot, claim: number }),
  }
  return handle
}

async function claim(farm: Farm, request: Parameters<Farm['attempts']['checkSlot']>[0]): Promise<Offer | string> {
  const state = await farm.attempts.checkSlot(request)
  if (state.kind === 'offer') return state.offer
  if (state.kind !== 'free') return state.kind
  const outcome = await farm.attempts.lease(request)
  return outcome.kind === 'offer' ? outcome.offer : outcome.kind
}

export { attemptName, attemptOf, writeSteps }
