import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Host, quote, requireJail } from '../../apps/agent/spec/support/host.ts'
import type { Api } from '../../apps/server/src/api-client.ts'

export interface Invitation {
  line: string
  expiresAt: string
}

/** A machine with the real agent, in a pid namespace of its own, enrolled by the line that the farm gives. */
export class AgentHost {
  readonly name: string
  readonly #host = new Host()

  private constructor(name: string) {
    this.name = name
  }

  /** `conf`: the owner's host.conf, instead of the one that enrolment writes. */
  static async enrol(api: Api, name: string, { conf }: { conf?: string } = {}): Promise<AgentHost> {
    requireJail()
    const { line } = await api.post<Invitation>('/api/v1/hosts/invitations', { name })
    const host = new AgentHost(name)
    if (conf !== undefined) host.#writeConf(conf)
    await host.#host.start(`-c ${quote(line)}`)
    await host.#host.line(/^rumpfarm: waiting for jobs$/)
    host.#host.agentPid = host.#lockPid() // the line's shell has the agent as a child, at the end of its pipe
    return host
  }

  /** What the agent told its owner. */
  get said(): string {
    return this.#host.said()
  }

  /** Waits for words of the agent to its owner. */
  hears(pattern: RegExp): Promise<unknown> {
    return this.#host.line(pattern)
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

  /** The machine is gone, with everything that runs on it. */
  close(): Promise<void> {
    return this.#host.close()
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
