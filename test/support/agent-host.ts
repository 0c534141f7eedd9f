import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Host,
  quote,
  requireNamespace,
  type Shell,
  patienceMs as usualPatienceMs,
} from '../../apps/agent/spec/support/host.ts'
import type { HostUnderTest } from '../conformance/host.ts'
import type { Api } from './patient-api.ts'

export interface Invitation {
  line: string
  /** The command line for a host without TLS 1.2; null if the farm accepts no signed requests. */
  signedLine: string | null
  token: string
  expiresAt: string
}

/** The command line that enrols a machine. */
export const lineFor = async (api: Api, name: string): Promise<string> =>
  (await api.post<Invitation>('/api/v1/hosts/invitations', { name })).line

/** A link between the network of a machine and the network of the farm. */
export interface Plug {
  /** The address of the farm for this machine. */
  farmAddress: string
  /** `pid` is a process in the machine's network. `onHost` runs a command there, and fails if the command fails. */
  plugIn(pid: number, onHost: (command: string) => Promise<void>): Promise<void>
}

export interface HostOptions {
  /** Replaces the host.conf that the enrolment writes. */
  conf?: string
  /** Makes a network for the machine. */
  cable?: Plug
  /** The shell of the agent. */
  shell?: Shell
  environment?: Record<string, string>
  /** The time limit of each wait. */
  patienceMs?: number
  /** The enrolment as shell text; by default the line of the farm. */
  by?: (invitation: Invitation) => string
  /** Options of unshare for additional namespaces, and the first command in these namespaces. */
  walls?: readonly string[]
}

/** A machine with the real agent, in its own pid namespace. */
export class AgentHost implements HostUnderTest {
  readonly name: string
  readonly slowness: number = 1
  readonly #host: Host
  readonly #patienceMs: number
  #run = ''

  constructor(name: string, { cable, shell, environment, patienceMs = usualPatienceMs, walls = [] }: HostOptions = {}) {
    requireNamespace()
    this.name = name
    this.#host = new Host(environment, shell, [...(cable ? ['--net'] : []), ...walls])
    this.#patienceMs = patienceMs
  }

  /** Enrols the machine with the line of the farm. */
  static async enrol(api: Api, name: string, options: HostOptions = {}): Promise<AgentHost> {
    const host = await AgentHost.begin(api, name, options)
    await host.#atWork()
    return host
  }

  /** Starts an enrolment, which may fail. */
  static async begin(api: Api, name: string, options: HostOptions = {}): Promise<AgentHost> {
    const { conf, cable, by = ({ line }: Invitation) => line } = options
    const line = by(await api.post<Invitation>('/api/v1/hosts/invitations', { name }))
    const host = new AgentHost(name, options)
    if (cable) await host.#plugIn(cable)
    if (conf !== undefined) host.configure(conf)
    await host.#start(`-c ${quote(cable ? line.replaceAll(api.url, farmUrlFor(cable, api.url)) : line)}`)
    return host
  }

  get dir(): string {
    return this.#host.dir
  }

  get scratch(): string {
    return this.#host.folder
  }

  get said(): string {
    const lines = this.#host.said().split('\n')
    return lines.filter(line => !/^run-[0-9]+ /.test(line)).join('\n') // without exit codes of test commands
  }

  async enrol(line: string): Promise<void> {
    await this.#start(`-c ${quote(line)}`)
    await this.#atWork()
  }

  async #atWork(): Promise<void> {
    // The wait also ends when the agent exits, because its messages then contain the reason.
    const heard = await this.#host.line(/^rumpfarm: waiting for jobs$|^agent-[0-9]+ exit /, this.#patienceMs)
    if (heard.text.startsWith('agent')) throw new Error(`${this.name} was not enrolled:\n${this.said}`)
    this.#host.agentPid = this.#lockPid() // until here, agentPid is the pid of the shell that ran the line
  }

  start(): Promise<void> {
    return this.#start()
  }

  signal(name: string): void {
    this.#host.signal(name)
  }

  async exited(): Promise<number> {
    const { text } = await this.#host.line(new RegExp(`^${this.#run} exit `), this.#patienceMs)
    return Number(text.split(' ').at(-1))
  }

  async kill9(): Promise<void> {
    this.signal('KILL')
    await this.exited()
  }

  /** Without a launcher the runner has no process group of its own. Then this function kills only the runner. */
  async killJob(): Promise<void> {
    const claims = this.files('slot-1')
      .filter(name => /^[0-9]+$/.test(name))
      .map(Number)
    const [runner] = this.read('slot-1', `${Math.max(...claims)}`, 'runner').split(' ')
    if (!(Number(runner) > 1)) throw new Error(`no job to kill; its runner is "${runner}"`)
    // Uses the kill of bash, because the kill of busybox works but reports an error.
    await this.#host.run(`kill -s KILL -- -${Number(runner)} || kill -s KILL ${Number(runner)}`, this.#patienceMs)
  }

  hears(pattern: RegExp, milliseconds = this.#patienceMs, since = 0): Promise<unknown> {
    return this.#host.line(pattern, milliseconds, since)
  }

  async processes(text: string): Promise<string[]> {
    return (await this.#host.alive(text)).filter(line => line !== '' && !line.includes('init.bash'))
  }

  files(...path: string[]): string[] {
    return this.#host.files(...path)
  }

  read(...path: string[]): string {
    return this.#host.read(...path)
  }

  configure(text: string): void {
    this.#host.configure(text)
  }

  /** Changes the installed agent. The change applies at the next start. */
  changeAgent(change: (text: string) => string): void {
    writeFileSync(join(this.dir, 'agent.sh'), change(this.read('agent.sh')))
  }

  /** Stops the agent with TERM. */
  async stop(): Promise<void> {
    this.signal('TERM')
    await this.exited()
  }

  /** Copies the agent's directory and returns the path of the copy. */
  backUp(): string {
    const copy = join(this.#host.folder, `backup-${readdirSync(this.#host.folder).length}`)
    cpSync(this.#host.dir, copy, { recursive: true })
    return copy
  }

  /** Another machine with the name, the credential and all other files of a backup. */
  async standIn(api: Api, backup: string, options: HostOptions = {}): Promise<AgentHost> {
    const { conf, cable } = options
    const host = new AgentHost(this.name, options)
    if (cable) await host.#plugIn(cable)
    cpSync(backup, host.#host.dir, { recursive: true })
    host.#movePaths(this.#host.dir)
    if (conf !== undefined) host.configure(conf)
    const url = cable ? farmUrlFor(cable, api.url) : api.url
    await host.#start(`${quote(join(host.#host.dir, 'agent.sh'))} --url ${url} run`)
    return host
  }

  /** Runs shell text on this machine. Fails if the command fails. */
  async run(command: string): Promise<string> {
    const { code, output } = await this.#host.run(command, this.#patienceMs)
    if (code !== 0) throw new Error(`on ${this.name}, "${command}" failed (${code}): ${output}`)
    return output
  }

  /** Ends the machine and all its processes. */
  close(): Promise<void> {
    return this.#host.close()
  }

  async #plugIn(cable: Plug): Promise<void> {
    await this.run('true') // after this command the namespaces exist
    await cable.plugIn(this.#host.pid ?? 0, async command => void (await this.run(command)))
  }

  /** Changes the paths in the copied files. On a real machine, the copy would have the same path as the original. */
  #movePaths(before: string): void {
    for (const name of this.#host.files('slot-1')) {
      const file = join(this.#host.dir, 'slot-1', name, 'work')
      if (existsSync(file)) writeFileSync(file, readFileSync(file, 'utf8').replaceAll(before, this.#host.dir))
    }
  }

  async #start(words?: string): Promise<void> {
    this.#run = (await this.#host.start(words)).name
  }

  #lockPid(): number {
    const lock = this.#host.files().find(name => name.startsWith('lock.')) ?? ''
    return Number(this.#host.read(lock).split(' ', 1)[0])
  }
}

const farmUrlFor = ({ farmAddress }: Plug, url: string): string => `http://${farmAddress}:${new URL(url).port}`
