import assert from 'node:assert/strict'
import { Refusal } from '../../apps/server/src/cli/api-client.ts'
import type { TestFarm, WrittenProject } from '../support/farm-fixture.ts'
import type { JobAnswer, TestJob } from '../support/jobs.ts'
import { eventually } from '../support/waiting.ts'
import type { HostUnderTest } from './host.ts'
import type { Wire } from './wire.ts'

/** How long what must happen may take here. yash needs 20 s to tell its host's facts when 24 others want the two cores. */
export const patienceMs = 120_000

/** One promise of the farm, and what happens in the world to see whether it is kept. */
export interface Scenario {
  /** What is promised, in plain words. */
  name: string
  /** Tried on emulated machines, too: there are no other tools than a shell and what POSIX names. */
  core: boolean
  /** Of the project, beside its one step, which runs the `job.sh` that a scenario pushes. */
  project?: Omit<WrittenProject, 'steps'> & { steps?: WrittenProject['steps'] }
  /** host.conf, instead of the one that enrolment writes. */
  conf?: string
  /** What goes wrong from the first request on. */
  before?: (wire: Wire) => void
  act: (world: World) => Promise<void>
}

/** How a job must have ended. */
export interface End {
  verdict: string
  reason?: string
  failedStep?: string
  /** Every byte of it. */
  log: string | Buffer | RegExp
  /** The verdicts of its attempts, the first one first; one attempt, when nothing is said. */
  attempts?: string[]
}

/** A farm, one host of it, and the wire between them. */
export class World {
  readonly farm: TestFarm
  readonly host: HostUnderTest
  readonly wire: Wire
  /** Emulated machines are slow. */
  readonly patienceMs: number
  #left = false

  constructor(farm: TestFarm, host: HostUnderTest, wire: Wire) {
    this.farm = farm
    this.host = host
    this.wire = wire
    this.patienceMs = patienceMs * host.slowness
  }

  /** Pushes this `job.sh`, or these files; the host's job. */
  async job(script: string | Record<string, string | Buffer>): Promise<TestJob> {
    return (await this.farm.push(script, this.host.name)).job(this.host.name)
  }

  eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    const patiently = async () => {
      try {
        return await look()
      } catch (error) {
        if (error instanceof Refusal && error.status === 503) return undefined // asked again, as the farm wants it
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

  /** Until the wire has carried one more request of this kind that was answered so. */
  async carries(kind: string, answer = /./): Promise<void> {
    const before = this.wire.count(kind, answer)
    await this.wire.until(`${kind} answered ${answer}`, () => this.wire.count(kind, answer) > before, this.patienceMs)
  }

  /** Waits for the job's end and holds it against what it must be. */
  async ends(job: TestJob, { verdict, reason, failedStep, log, attempts = [verdict] }: End): Promise<JobAnswer> {
    const view = await this.eventually(`the end of job ${job.id}`, async () => {
      const view = await job.view()
      return view.state === 'finished' ? view : undefined
    })
    const [last] = view.attempts // the newest comes first
    assert.deepEqual(view.attempts.map(attempt => attempt.verdict).reverse(), attempts)
    const found = { verdict: view.verdict, failedStep: view.failedStep, reason: last?.reason }
    assert.deepEqual(found, { verdict, failedStep: failedStep ?? null, reason: reason ?? 'exit' }, last?.detail ?? '')
    const bytes = await job.log()
    if (log instanceof RegExp) assert.match(bytes.toString(), log)
    else sameBytes(bytes, Buffer.from(log))
    return view
  }

  /** The host takes a job and runs it: nothing of what came before is in its way. */
  async works(): Promise<void> {
    await this.ends(await this.job('echo the next job\n'), { verdict: 'passed', log: 'the next job\n' })
  }

  /** No process there has this in its command line; what is being killed needs a moment to be gone. */
  async none(text: string): Promise<void> {
    let found: string[] = []
    await this.eventually(`no process with "${text}"`, async () => {
      found = await this.host.processes(text)
      return found.length === 0 ? true : undefined
    }).catch(error => {
      throw new Error(`${error.message}; there are:\n${found.join('\n')}`)
    })
  }

  /** Shell text that waits until the scenario opens the gate. */
  gate(name = 'gate'): { closed: string; open: () => Promise<unknown> } {
    const file = `${this.host.scratch}/${name}`
    return {
      closed: `until [ -f '${file}' ]; do sleep 1; done`,
      open: () => this.host.run(`: >'${file}'`),
    }
  }

  /** The agent runs again, and waits for jobs. */
  async comesBack(): Promise<void> {
    const since = Date.now()
    await this.host.start()
    this.#left = false
    await this.host.hears(/^rumpfarm: waiting for jobs$/, this.patienceMs, since)
  }

  /** TERM; the agent leaves in order. */
  async leave(): Promise<void> {
    this.host.signal('TERM')
    await this.leaves()
  }

  /** The agent, which was told to leave, has left in order, and nothing is left: no process, no work, no broken rule of the protocol. */
  async leaves(): Promise<void> {
    assert.equal(await this.host.exited(), 0)
    this.#left = true
    assert.match(this.host.said, /^rumpfarm: agent stopped$/m)
    await this.none('')
    assert.deepEqual(this.host.files('work'), [])
    const spools = this.host.files('slot-1').filter(name => /^[0-9]+$/.test(name)) // what else is there belongs to the slot
    assert.equal(spools.length, 1, `spools are left: ${spools.join(' ')}`)
    assert.deepEqual(
      this.host.files('slot-1', spools[0] ?? '').filter(name => /^(log|steps|runner|end)$/.test(name)),
      [],
    )
    assert.deepEqual(this.wire.offences, [])
  }

  /** The end of every scenario. */
  async end(): Promise<void> {
    if (!this.#left) await this.leave()
    assert.equal(this.wire.faultsLeft, 0, 'a fault that was to come has not come')
  }
}

/** The log of a job that was told to end after it had said this: some shells add a word about each child that was killed. */
export const endedAfter = (text: string): RegExp => new RegExp(`^${text}(.*Terminated.*\\n)*$`)

/** assert.deepEqual of two large buffers would print them both. */
export const sameBytes = (found: Buffer, wanted: Buffer): void => {
  if (found.equals(wanted)) return
  const at = wanted.findIndex((byte, index) => byte !== found[index])
  const place = at < 0 ? wanted.length : at
  const near = (bytes: Buffer) => JSON.stringify(bytes.subarray(Math.max(0, place - 40), place + 40).toString('latin1'))
  throw new assert.AssertionError({
    message: `the log has ${found.length} bytes, ${wanted.length} were wanted; from byte ${place} on it differs: ${near(found)}, wanted ${near(wanted)}`,
  })
}
