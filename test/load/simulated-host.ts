import { cksum, lineValue, type WireLine, writeLines } from '@rumpfarm/contracts'
import { Wire } from './wire.ts'

export interface HeldAttempt {
  name: string
  lease: string
  /** The size of each source in bytes, from the answer to the claim. */
  sourceBytes: number[]
  steps: number
}

const nothing = writeLines([])

/** A host that sends the messages of docs/agent-protocol.md, but runs no steps. */
export class SimulatedHost {
  readonly name: string
  readonly wire: Wire
  readonly #arches: readonly string[]
  #claim = 0

  constructor(url: string, name: string, arches: readonly string[]) {
    this.wire = new Wire(url)
    this.name = name
    this.#arches = arches
  }

  async enroll(invitation: string): Promise<void> {
    const lines = await this.wire.say(
      '/agent/v1/enroll',
      writeLines([['token', invitation], ['nonce', this.name], ...facts]),
    )
    this.wire.credential = lineValue(lines, 'credential') ?? ''
  }

  async hello(): Promise<void> {
    const arches = this.#arches.map((arch): WireLine => ['arch', `${arch} native cc 1.0`])
    await this.wire.say('/agent/v1/hello', writeLines([['instance', this.name], ['slots', 1], ...arches, ...facts]))
  }

  /** One long poll. Returns the next attempt, or undefined if there is none. */
  async claim(waitSeconds: number): Promise<HeldAttempt | undefined> {
    const path = `/agent/v1/claim?instance=${this.name}&slot=1&claim=${this.#claim + 1}&wait=${waitSeconds}`
    const lines = await this.wire.say(path, writeLines([['disk_mb', 10_000]]))
    const name = lineValue(lines, 'attempt')
    if (name === undefined) return undefined
    this.#claim++
    const valuesOf = (key: string) => lines.filter(([each]) => each === key).map(([, value]) => value)
    const sourceBytes = valuesOf('source').map(value => Number(value.split(' ')[1]))
    return { name, lease: lineValue(lines, 'lease') ?? '', sourceBytes, steps: valuesOf('step').length }
  }

  /** Repeats the newest claim, to which the farm has given a job. The farm answers the repeated claim at once. */
  async claimAgain(): Promise<void> {
    await this.wire.say(`/agent/v1/claim?instance=${this.name}&slot=1&claim=${this.#claim}&wait=0`, nothing)
  }

  async fetchSources({ name, lease, sourceBytes }: HeldAttempt): Promise<void> {
    for (const [index, bytes] of sourceBytes.entries()) {
      const body = await this.wire.get(`/agent/v1/attempts/${name}/sources/${index + 1}?lease=${lease}`)
      if (body.length !== bytes)
        throw new Error(`source ${index + 1} of ${name} has ${body.length} bytes instead of ${bytes}`)
    }
  }

  /** Sends log bytes (or none, as a heartbeat) and returns the size that the farm has. */
  async progress(
    { name, lease }: HeldAttempt,
    offset: number,
    bytes: Uint8Array,
    sum: string,
    steps = '',
  ): Promise<number> {
    const query = `lease=${lease}&offset=${offset}&len=${bytes.length}&sum=${sum}&step=1&steps=${steps}`
    const lines = await this.wire.say(`/agent/v1/attempts/${name}/progress?${query}`, bytes)
    return Number(lineValue(lines, 'size'))
  }

  async finish({ name, lease }: HeldAttempt, log: { bytes: number; sum: string; steps: string }): Promise<void> {
    const end = writeLines([
      ['reason', 'exit'],
      ['steps', log.steps],
      ['logsize', log.bytes],
      ['sum', log.sum],
    ])
    await this.wire.say(`/agent/v1/attempts/${name}/finish?lease=${lease}`, end)
  }

  /** Sends all messages of a trivial job: the download of its sources, one chunk of log, and the finish message. */
  async run(attempt: HeldAttempt): Promise<void> {
    await this.fetchSources(attempt)
    const steps = Array.from({ length: attempt.steps }, () => `0:1:${trivialLog.length}`).join(',')
    await this.progress(attempt, 0, trivialLog, trivialSum, steps)
    await this.finish(attempt, { bytes: trivialLog.length, sum: trivialSum, steps })
  }

  async leave(): Promise<void> {
    await this.wire.say(`/agent/v1/bye?instance=${this.name}`, nothing)
    this.wire.close()
  }
}

const facts: WireLine[] = [
  ['protocol', 1],
  ['version', '1.0.0'],
  ['uname_s', 'Simulated'],
  ['uname_m', 'x86_64'],
  ['ncpu', 4],
]
const trivialLog = Buffer.from('nothing to be done\n')
export const crcOf = (bytes: Uint8Array): string => `crc:${cksum(bytes)}`
const trivialSum = crcOf(trivialLog)
