import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Plug } from '../support/agent-host.ts'

const run = promisify(execFile)
const ip = (...words: string[]) => run('ip', words)

export type Way = 'to the farm' | 'to the host'

let cables = 0

/**
 * The link between the network of the tests, where the farm runs, and the network of one host: a veth pair and a /30.
 * When the namespace of the host ends, the kernel removes the link, even after a failed test.
 */
export class Cable implements Plug {
  readonly farmAddress: string
  readonly #hostAddress: string
  readonly #farmEnd: string
  readonly #hostEnd: string
  #onHost: (command: string) => Promise<void> = () => Promise.reject(new Error('this cable is not plugged in'))

  constructor() {
    const worker = Number(process.env.VITEST_POOL_ID ?? 0)
    const number = ++cables
    const network = `10.${200 + (worker % 50)}.${number}`
    this.farmAddress = `${network}.1`
    this.#hostAddress = `${network}.2`
    this.#farmEnd = `farm${worker}x${number}`
    this.#hostEnd = `host${worker}x${number}`
  }

  async plugIn(pid: number, onHost: (command: string) => Promise<void>): Promise<void> {
    this.#onHost = onHost
    const [farm, host] = [this.#farmEnd, this.#hostEnd]
    await ip('link', 'add', farm, 'type', 'veth', 'peer', 'name', host, 'netns', String(pid))
    await ip('addr', 'add', `${this.farmAddress}/30`, 'dev', farm)
    await ip('link', 'set', farm, 'up')
    await onHost(`ip link set lo up && ip addr add ${this.#hostAddress}/30 dev ${host} && ip link set ${host} up`)
  }

  /** Disconnects the link in a way that both ends notice. */
  async cut(): Promise<void> {
    await ip('link', 'set', this.#farmEnd, 'down')
  }

  async heal(): Promise<void> {
    await run('nft', ['delete', 'table', 'inet', this.#farmEnd]).catch(() => {}) // fails if there is no such table
    await ip('link', 'set', this.#farmEnd, 'up')
  }

  /** Drops this percentage of the packets, and the sender gets no message. */
  async lose(percent: number, ...ways: Way[]): Promise<void> {
    const end = this.#farmEnd
    const drop = `${percent < 100 ? `numgen random mod 100 < ${percent} ` : ''}drop`
    const chains = ways.map(way =>
      way === 'to the farm'
        ? `chain arriving { type filter hook input priority 0; iifname "${end}" ${drop}; }`
        : `chain leaving { type filter hook output priority 0; oifname "${end}" ${drop}; }`,
    )
    await run('nft', [`table inet ${end} {\n${chains.join('\n')}\n}`])
  }

  /** Limits the speed in both directions, like a modem. */
  async slow(bytesPerSecond: number): Promise<void> {
    const limit = `root tbf rate ${bytesPerSecond * 8}bit burst 3kb latency 2s`
    await run('tc', `qdisc replace dev ${this.#farmEnd} ${limit}`.split(' '))
    await this.#onHost(`tc qdisc replace dev ${this.#hostEnd} ${limit}`)
  }

  /** Delays packets and changes their order. */
  async delay(words: string): Promise<void> {
    await run('tc', `qdisc replace dev ${this.#farmEnd} root netem ${words}`.split(' '))
    await this.#onHost(`tc qdisc replace dev ${this.#hostEnd} root netem ${words}`)
  }
}
