import assert from 'node:assert/strict'
import { Refusal } from '../../packages/client/src/index.ts'
import type { TestFarm, WrittenProject } from '../support/farm-fixture.ts'
import type { JobAnswer, TestJob } from '../support/jobs.ts'
import { eventually } from '../support/waiting.ts'
import type { HostUnderTest } from './host.ts'
import type { Wire } from './wire.ts'

/** The time limit of each wait. yash needs 20 s to send its host facts while 24 other hosts use the two cores. */
export const patienceMs = 120_000

/** One promise of the farm, and the actions that test it. */
export interface Scenario {
  /** The promise in plain words. */
  name: string
  /** True if the scenario also runs on emulated machines, which have only a shell and the POSIX utilities. */
  core: boolean
  /** Options of the project besides its only step. This step runs the `job.sh` that the scenario pushes. */
  project?: Omit<WrittenProject, 'steps'> & { steps?: WrittenProject['steps'] }
  /** Replaces the host.conf that the enrolment writes. */
  conf?: string
  /** Faults that apply from the first request on. */
  before?: (wire: Wire) => void
  act: (world: World) => Promise<void>
}

/** The expected end of a job. */
export interface End {
  verdict: string
  reason?: string
  failedStep?: string
  /** The complete log. */
  log: string | Buffer | RegExp
  /** The verdicts of the attempts of the job in order; by default one attempt. */
  attempts?: string[]
}

/** A farm, one of its hosts, and the proxy between them. */
export class World {
  readonly farm: TestFarm
  readonly host: HostUnderTest
  readonly wire: Wire
  /** The time limit of each wait on this host. It is longer for emulated machines, because they are slow. */
  readonly patienceMs: number
  #left = false

  constructor(farm: TestFarm, host: HostUnderTest, wire: Wire) {
    this.farm = farm
    this.host = host
    this.wire = wire
    this.patienceMs = patienceMs * host.slowness
  }

  /** Pushes this `job.sh`, or these files, and returns the job of the host. */
  async job(script: string | Record<string, string | Buffer>): Promise<TestJob> {
    return (await this.farm.push(script, this.host.name)).job(this.host.name)
  }

  eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    const patiently = async () => {
      try {
        return await look()
      } catch (error) {
        if (error instanceof Refusal && error.status === 503) return undefined // the farm asks the client to try again
        throw error
      }
    }
    return eventually(what, patiently, this.patienceMs)
  }

  logged(job: TestJob, text: string): Promise<true> {
    return this.eventually(`"${text}" in the log of job ${job.id}`, async () =>
      (await job.log()).includes(text) ? true : undefined,
    )
  }

  /** Waits for one more request of this kind with this answer. */
  async carries(kind: string, answer = /./): Promise<void> {
    const before = this.wire.count(kind, answer)
    await this.wire.until(`${kind} answered ${answer}`, () => this.wire.count(kind, answer) > before, this.patienceMs)
  }

  /** Waits for the end of the job, and compares it with the expected end. */
  async ends(job: TestJob, { verdict, reason, failedStep, log, attempts = [verdict] }: End): Promise<JobAnswer> {
    const view = await this.eventually(`the end of job ${job.id}`, async () => {
      const view = await job.view()
      return view.state === 'finished' ? view : undefined
    })
    const [last] = view.attempts // the newest attempt is first
    assert.deepEqual(view.attempts.map(attempt => attempt.verdict).reverse(), attempts)
    const found = { verdict: view.verdict, failedStep: view.failedStep, reason: last?.reason }
    assert.deepEqual(found, { verdict, failedStep: failedStep ?? null, reason: reason ?? 'exit' }, last?.detail ?? '')
    const bytes = await job.log()
    if (log instanceof RegExp) assert.match(bytes.toString(), log)
    else sameBytes(bytes, Buffer.from(log))
    return view
  }

  /** Checks that the host still takes and runs a job after the scenario. */
  async works(): Promise<void> {
    await this.ends(await this.job('echo the next job\n'), { verdict: 'passed', log: 'the next job\n' })
  }

  /** Waits until no process of the host has this text in its command line. A killed process needs a moment to end. */
  async none(text: string): Promise<void> {
    let found: string[] = []
    await this.eventually(`no process with "${text}"`, async () => {
      found = await this.host.processes(text)
      return found.length === 0 ? true : undefined
    }).catch(error => {
      throw new Error(`${error.message}; there are:\n${found.join('\n')}`)
    })
  }

  /** A gate for a job: `closed` is shell text that waits for a file, and `open` makes this file. */
  gate(name = 'gate'): { closed: string; open: () => Promise<unknown> } {
    const file = `${this.host.scratch}/${name}`
    return {
      closed: `until [ -f '${file}' ]; do sleep 1; done`,
      open: () => this.host.run(`: >'${file}'`),
    }
  }

  /** Starts the agent again and waits until it claims jobs. */
  async comesBack(): Promise<void> {
    const since = Date.now()
    await this.host.start()
    this.#left = false
    await this.host.hears(/^rumpfarm: waiting for jobs$/, this.patienceMs, since)
  }

  /** Sends TERM and waits for an orderly end of the agent. */
  async leave(): Promise<void> {
    this.host.signal('TERM')
    await this.leaves()
  }

  /**
   * Waits for an orderly end of the agent. Fails if a process or a file of a job is left, or if the agent has sent a
   * wrong request (`offences`).
   */
  async leaves(): Promise<void> {
    assert.equal(await this.host.exited(), 0)
    this.#left = true
    assert.match(this.host.said, /^rumpfarm: agent stopped$/m)
    await this.none('')
    assert.deepEqual(
      this.host.files('work').filter(name => name !== 'rumpfarm-cache'),
      [],
    )
    const spools = this.host.files('slot-1').filter(name => /^[0-9]+$/.test(name)) // the other files belong to the slot
    assert.equal(spools.length, 1, `spools are left: ${spools.join(' ')}`)
    assert.deepEqual(
      this.host.files('slot-1', spools[0] ?? '').filter(name => /^(log|steps|runner|end)$/.test(name)),
      [],
    )
    assert.deepEqual(this.wire.offences, [])
  }

  /** The checks at the end of every scenario. */
  async end(): Promise<void> {
    if (!this.#left) await this.leave()
    assert.equal(this.wire.faultsLeft, 0, 'a fault of the scenario did not happen')
  }
}

/** The log of a job that the agent ended after this output. Some shells print a line for each killed child. */
export const endedAfter = (text: string): RegExp => new RegExp(`^${text}(.*Terminated.*\\n)*$`)

/** Compares two buffers. assert.deepEqual would print both of them, and they are large. */
export const sameBytes = (found: Buffer, wanted: Buffer): void => {
  if (found.equals(wanted)) return
  const at = wanted.findIndex((byte, index) => byte !== found[index])
  const place = at < 0 ? wanted.length : at
  const near = (bytes: Buffer) => JSON.stringify(bytes.subarray(Math.max(0, place - 40), place + 40).toString('latin1'))
  throw new assert.AssertionError({
    message: `the log has ${found.length} bytes, ${wanted.length} were wanted; from byte ${place} on it differs: ${near(found)}, wanted ${near(wanted)}`,
  })
}
