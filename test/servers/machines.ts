import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ip = (...words: string[]) => run('ip', words)

/** The address of the machine with PostgreSQL, Redis and the load balancer. */
export const ownAddress = '10.199.0.1'
const bridge = 'servers'

/** Makes the network of the machines. Returns a function that removes it. */
export async function openNetwork(): Promise<() => Promise<void>> {
  await ip('link', 'add', bridge, 'type', 'bridge')
  await ip('addr', 'add', `${ownAddress}/24`, 'dev', bridge)
  await ip('link', 'set', bridge, 'up')
  return async () => void (await ip('link', 'del', bridge))
}

/** A machine for a server: a network namespace with one link. The kernel removes it when its process has ended. */
export class Machine {
  readonly address: string
  readonly #link: string
  readonly #holder: ChildProcess

  private constructor(number: number, holder: ChildProcess) {
    this.address = `10.199.0.${10 + number}`
    this.#link = `server${number}`
    this.#holder = holder
  }

  static async open(number: number): Promise<Machine> {
    const holder = spawn('unshare', ['--net', '--kill-child', 'sh', '-c', 'echo ready; exec sleep 86400'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout as NodeJS.ReadableStream, 'data')
    const machine = new Machine(number, holder)
    await machine.#plugIn()
    return machine
  }

  /** The command that runs a program on this machine. */
  get within(): string[] {
    return ['nsenter', `--net=/proc/${this.#holder.pid}/ns/net`, '--']
  }

  async cut(): Promise<void> {
    await ip('link', 'set', this.#link, 'down')
  }

  async heal(): Promise<void> {
    await ip('link', 'set', this.#link, 'up')
  }

  async close(): Promise<void> {
    const ended = once(this.#holder, 'exit')
    this.#holder.kill('SIGKILL')
    await ended
  }

  async #plugIn(): Promise<void> {
    const inside = (...words: string[]) => run('nsenter', [...this.within.slice(1), 'ip', ...words])
    await ip('link', 'add', this.#link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(this.#holder.pid))
    await ip('link', 'set', this.#link, 'master', bridge, 'up')
    await inside('link', 'set', 'lo', 'up')
    await inside('addr', 'add', `${this.address}/24`, 'dev', 'eth0')
    await inside('link', 'set', 'eth0', 'up')
  }
}
