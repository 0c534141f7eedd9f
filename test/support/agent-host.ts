import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Host, quote, requireJail } from '../../apps/agent/spec/support/host.ts'
import type { Api } from '../../apps/server/src/api-client.ts'

export interface Invitation {
  line: string
  expiresAt: string
}

/** What connects a machine that has a network of its own with the farm's. */
export interface Plug {
  /** The farm's address as this machine knows it. */
  farmAddress: string
  /** `pid`: a process in the machine's network; `onHost` runs a command there, and fails when that does. */
  plugIn(pid: number, onHost: (command: string) => Promise<void>): Promise<void>
}

export interface HostOptions {
  /** The owner's host.conf, instead of the one that enrolment writes. */
  conf?: string
  /** Gives the machine a network of its own. */
  cable?: Plug
}

/** A machine with the real agent, in a pid namespace of its own, enrolled by the line that the farm gives. */
export class AgentHost {
  readonly name: string
  readonly #host: Host

  private constructor(name: string, cable?: Plug) {
    this.name = name
    this.#host = new Host({}, undefined, cable ? ['--net'] : [])
  }

  static async enrol(api: Api, name: string, { conf, cable }: HostOptions = {}): Promise<AgentHost> {
    requireJail()
    const { line } = await api.post<Invitation>('/api/v1/hosts/invitations', { name })
    const host = new AgentHost(name, cable)
    if (cable) await host.#plugIn(cable)
    if (conf !== undefined) host.#writeConf(conf)
    await host.#host.start(`-c ${quote(cable ? line.replaceAll(api.url, farmUrlFor(cable, api.url)) : line)}`)
    await host.#host.line(/^rumpfarm: waiting for jobs$/)
    host.#host.agentPid = host.#lockPid() // the line's shell has the agent as a child, at the end of its pipe
    return host
  }

  /** What the agent told its owner. */
  get said(): string {
    return this.#host.said()
  }

  /** Waits for words of the agent to its owner. */
  hears(pattern: RegExp, milliseconds?: number): Promise<unknown> {
    return this.#host.line(pattern, milliseconds)
  }

  /** kill -9 of the agent; its job goes on. */
  async kill9(): Promise<void> {
    const since = Date.now()
    this.#host.signal('KILL')
    await this.#host.line(/^agent-[0-9]+ exit /, undefined, since)
  }

  /** Runs the enrolled agent again. */
  async start(): Promise<void> {
    await this.#host.start()
  }

  /** Command lines of the living processes of this machine that contain the text. */
  processes(text: string): Promise<string[]> {
    return this.#host.alive(text)
  }

  /** A copy of the agent's directory as it is now: where it lies. */
  backUp(): string {
    const copy = join(this.#host.folder, `backup-${readdirSync(this.#host.folder).length}`)
    cpSync(this.#host.dir, copy, { recursive: true })
    return copy
  }

  /** Another machine that has this one's name, credential and all else that a backup holds. */
  async standIn(api: Api, backup: string, { conf, cable }: HostOptions = {}): Promise<AgentHost> {
    const host = new AgentHost(this.name, cable)
    if (cable) await host.#plugIn(cable)
    cpSync(backup, host.#host.dir, { recursive: true })
    host.#movePaths(this.#host.dir)
    if (conf !== undefined) host.#writeConf(conf)
    const url = cable ? farmUrlFor(cable, api.url) : api.url
    await host.#host.start(`${quote(join(host.#host.dir, 'agent.sh'))} --url ${url} run`)
    return host
  }

  /** Shell text, on this machine; it must not fail. */
  async run(command: string): Promise<string> {
    const { code, output } = await this.#host.run(command)
    if (code !== 0) throw new Error(`on ${this.name}, "${command}" failed (${code}): ${output}`)
    return output
  }

  /** The machine is gone, with everything that runs on it. */
  close(): Promise<void> {
    return this.#host.close()
  }

  async #plugIn(cable: Plug): Promise<void> {
    await this.run('true') // once it runs anything, its namespaces are there
    await cable.plugIn(this.#host.pid ?? 0, async command => void (await this.run(command)))
  }

  /** On a real machine the copied directory has the same path. */
  #movePaths(before: string): void {
    for (const name of this.#host.files('slot-1')) {
      const file = join(this.#host.dir, 'slot-1', name, 'work')
      if (existsSync(file)) writeFileSync(file, readFileSync(file, 'utf8').replaceAll(before, this.#host.dir))
    }
  }

  #writeConf(text: string): void {
    mkdirSync(this.#host.dir, { recursive: true, mode: 0o700 })
    writeFileSync(join(this.#host.dir, 'host.conf'), text)
  }

  #lockPid(): number {
    const lock = this.#host.files().find(name => name.startsWith('lock.')) ?? ''
    return Number(this.#host.read(lock).split(' ', 1)[0])
  }
}

const farmUrlFor = ({ farmAddress }: Plug, url: string): string => `http://${farmAddress}:${new URL(url).port}`
