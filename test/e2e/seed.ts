// A farm as it might look on a working day, made through the same verbs that hosts and pushes use, with a clock that begins
// in the past.
import { cksum, type FinishReason, type ProjectConfig, parseAttemptName } from '@rumpfarm/contracts'
import type { Announcement, Farm, Offer } from '@rumpfarm/farm'

export interface Clock {
  now: () => Date
  /** Sets the clock to so many minutes before now; with 0 it runs with the real time again. */
  minutesAgo(minutes: number): void
}

export function movableClock(): Clock {
  let offset = 0
  return {
    now: () => new Date(Date.now() - offset),
    minutesAgo(minutes) {
      offset = minutes * 60_000
    },
  }
}

export const projectOf = (name: string, changes: Partial<ProjectConfig> = {}): ProjectConfig => ({
  name,
  repository: `https://git.example.org/${name}`,
  branches: ['main'],
  leaveOut: [],
  sources: [],
  hosts: ['*'],
  arches: ['*'],
  env: {},
  limits: {
    wallSeconds: 4800,
    silenceSeconds: 1200,
    graceSeconds: 5,
    logBytes: 100_000_000,
    lostAfterSeconds: 600,
    attempts: 3,
  },
  variants: { default: { env: {}, hosts: ['*'], arches: ['*'] } },
  steps: [
    { name: 'configure', run: 'sh configure' },
    { name: 'build', run: 'make -j"$FARM_JOBS"' },
    { name: 'tests', run: 'make test' },
  ],
  ...changes,
})

/** A host of the test, as it speaks to the farm. */
export interface TestHost {
  name: string
  /** Takes the oldest attempt that is queued for it; throws when there is none. */
  take(): Promise<TestJob>
}

export interface TestJob {
  offer: Offer
  /** Appends to the log and, with `exits`, says which steps have ended. */
  print(text: string | Uint8Array): Promise<void>
  endStep(exit: number, milliseconds?: number): Promise<void>
  finish(reason?: FinishReason, detail?: string): Promise<void>
}

export interface Seeder {
  host(name: string, options?: HostOptions): Promise<TestHost>
  /** A push whose sources are ready: the build's id. */
  build(project: string, commit: string, words?: { subject?: string; author?: string }): Promise<number>
}

export interface HostOptions {
  system?: [name: string, release: string, machine: string]
  arches?: { arch: string; kind: 'native' | 'cross'; compiler: string }[]
  facts?: Record<string, string>
  slots?: number
}

export const native = (arch: string, compiler = 'gcc 12.2.0') => ({ arch, kind: 'native' as const, compiler })
export const cross = (arch: string, compiler: string) => ({ arch, kind: 'cross' as const, compiler })

/** Speaks to a farm that was opened with `announce: heard.push`. */
export function seeder(farm: Farm, heard: Announcement[]): Seeder {
  return {
    host: (name, options) => joinFarm(farm, heard, name, options),
    async build(project, commit, { subject = 'Bring the drivers up to date', author = 'Ada' } = {}) {
      const push = { project, commit, branch: 'main', source: 'github', deliveryId: `${project} ${commit}` }
      const pushed = await farm.receivePush(push)
      if (pushed.kind !== 'built') throw new Error(`the push of ${project} was not built: ${pushed.kind}`)
      await farm.sourcesReady(pushed.buildId, { sources: [sourceOf(project, commit)], subject, author })
      return pushed.buildId
    },
  }
}

const sourceOf = (project: string, commit: string) => ({
  name: project,
  repository: `https://git.example.org/${project}`,
  commit,
  path: null,
  leaveOut: [],
  bytes: 40_120_331,
  crc: '3382732341',
  sha256: 'ab'.repeat(32),
  md5: 'cd'.repeat(16),
})

async function joinFarm(farm: Farm, heard: Announcement[], name: string, options: HostOptions = {}): Promise<TestHost> {
  const { system = ['Linux', '6.1.0', 'x86_64'], arches = [native('amd64')], facts = {}, slots = 4 } = options
  const [uname_s, uname_r, uname_m] = system
  const invited = await farm.invite(name)
  if (invited.kind !== 'invited') throw new Error(`${name} was not invited: ${invited.kind}`)
  const said = { uname_s, uname_r, uname_m, ncpu: '4', mem_mb: '7964', client: 'curl', shell: 'dash', ...facts }
  const joined = await farm.enroll({ token: invited.token, nonce: 'n1', version: '1.0.0', facts: said })
  if (joined.kind !== 'enrolled') throw new Error(`${name} was not enrolled: ${joined.kind}`)
  const bearer = await farm.hostBearing(joined.credential)
  if (!bearer) throw new Error(`the farm does not know the credential of ${name}`)
  const instance = `${name}-1`
  await farm.hello({ hostId: bearer.id, instance, slots, version: '1.0.0', facts: said, arches })
  let claim = 0
  const take = async () => {
    claim++
    const wish = { hostId: bearer.id, instance, slot: ((claim - 1) % slots) + 1, claim }
    await farm.askForWork(wish, { diskFreeMb: 120_000 })
    for (const { hostId, attempt } of heard.flatMap(said => (said.kind === 'queued' ? said.attempts : []))) {
      const id = hostId === bearer.id ? parseAttemptName(attempt) : undefined
      const offer = id && (await farm.leaseAttempt(wish, id))
      if (offer) return jobOf(farm, bearer.id, offer)
    }
    throw new Error(`nothing is queued for ${name}`)
  }
  return { name, take }
}

async function jobOf(farm: Farm, hostId: number, offer: Offer): Promise<TestJob> {
  const id = parseAttemptName(offer.attempt)
  if (!id) throw new Error(`${offer.attempt} is no attempt`)
  let log = Buffer.alloc(0)
  const steps: { exit: number; milliseconds: number; logBytes: number }[] = []
  const written = () => steps.map(step => `${step.exit}:${step.milliseconds}:${step.logBytes}`).join(',')
  const say = async (bytes: Uint8Array) => {
    const message = { ...id, hostId, lease: offer.lease, offset: log.length, bytes, sum: 'none', steps: written() }
    const outcome = await farm.progress(message)
    if (outcome.kind !== 'ok') throw new Error(`the farm did not take the log: ${outcome.kind}`)
    log = Buffer.concat([log, bytes])
  }
  await say(Buffer.alloc(0))
  return {
    offer,
    print: text => say(Buffer.from(text as string)),
    async endStep(exit, milliseconds = 4000) {
      steps.push({ exit, milliseconds, logBytes: log.length })
      await say(Buffer.alloc(0))
    },
    async finish(reason = 'exit', detail) {
      const sum = `crc:${cksum(log)}`
      const end = { ...id, hostId, lease: offer.lease, reason, steps, logBytes: log.length, sum, detail }
      const outcome = await farm.finish(end)
      if (outcome.kind !== 'finished') throw new Error(`the farm did not take the end: ${outcome.kind}`)
    },
  }
}
