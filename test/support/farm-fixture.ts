// A farm for tests with several processes: real server processes, a real Redis, real hosts, real repositories and a
// separate database. vitest and Playwright use this file, so it imports neither of them. Call `bundleFarm()` first.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startTemporaryPostgres } from '../../packages/local-postgres/src/index.ts'
import { AgentHost, type HostOptions } from './agent-host.ts'
import { type BuildAnswer, TestBuild, TestJob } from './jobs.ts'
import { types } from './number-types.ts'
import { type Api, testApi } from './patient-api.ts'
import { TestRedis } from './redis.ts'
import { gitEnvironment, Repository } from './repository.ts'
import { ServerProcess } from './server-process.ts'
import { WireHost } from './wire-host.ts'

export { bundleFarm } from './server-process.ts'

/** The settings of a project in farm.yaml. */
export type WrittenProject = { steps: Record<string, string>[]; repository?: string } & Record<string, unknown>

export interface FarmOptions {
  /** An empty or migrated database. If there is none, the farm starts its own PostgreSQL, which takes two seconds. */
  databaseUrl?: string
  /** The program that keeps the queues. */
  queues?: 'redis' | 'postgres'
  /** The address of this machine for servers in other networks. */
  address?: string
  /** Additional environment variables of the server. */
  environment?: Record<string, string>
  /** The projects in farm.yaml at the start; by default only `sample`, whose one step runs `job.sh`. */
  projects?: Record<string, WrittenProject>
  /** The keys of farm.yaml beside `projects`. */
  farmWide?: Record<string, unknown>
}

const adminToken = 'rft-only-for-tests'

/** A project whose step `job` runs the script that a test pushes. */
export const scriptProject = (changes: object = {}): WrittenProject => ({ steps: [{ job: 'sh ./job.sh' }], ...changes })

export class TestFarm {
  readonly directory: string
  readonly redis: TestRedis | undefined
  readonly #environment: Record<string, string>
  readonly #repositories = new Map<string, Repository>()
  readonly #hosts: AgentHost[] = []
  readonly #closing: (() => Promise<unknown>)[] = []
  readonly #farmWide: Record<string, unknown>
  #projects: Record<string, WrittenProject>
  #servers: ServerProcess[] = []
  #url = ''

  private constructor(
    directory: string,
    { projects, farmWide = {}, environment }: FarmOptions,
    databaseUrl: string,
    redis?: TestRedis,
  ) {
    this.directory = directory
    this.redis = redis
    this.#projects = projects ?? { sample: scriptProject() }
    this.#farmWide = farmWide
    this.#environment = {
      PATH: process.env.PATH ?? '',
      ...gitEnvironment,
      HOST: '127.0.0.1',
      PORT: '0',
      RUMPFARM_DATA: join(directory, 'data'),
      FARM_FILE: this.farmFile,
      ADMIN_TOKEN: adminToken,
      DATABASE_URL: databaseUrl,
      ...(redis ? { REDIS_URL: redis.url } : {}),
      ...environment,
    }
  }

  /** Opens a farm and waits until its server answers. */
  static async open(options: FarmOptions = {}): Promise<TestFarm> {
    const farm = await TestFarm.prepare(options)
    await farm.start().catch(async error => {
      await farm.close().catch(() => {})
      throw error
    })
    return farm
  }

  /** Prepares everything except the server. */
  static async prepare(options: FarmOptions = {}): Promise<TestFarm> {
    const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-farm-'))
    chmodSync(directory, 0o711) // if root runs the tests, PostgreSQL runs as another user, who needs access
    const postgres = options.databaseUrl === undefined ? await startTemporaryPostgres() : undefined
    const redis = options.queues === 'redis' ? await TestRedis.open(directory, options.address) : undefined
    const farm = new TestFarm(directory, options, options.databaseUrl ?? postgres?.url ?? '', redis)
    if (postgres) farm.#closing.push(postgres.stop)
    farm.#writeFarmFile()
    return farm
  }

  get url(): string {
    return this.#url
  }

  get farmFile(): string {
    return join(this.directory, 'farm.yaml')
  }

  get adminToken(): string {
    return adminToken
  }

  /** The API with an administrator's token. `url` may be the address of another server of this farm. */
  api(url = this.#url): Api {
    return testApi(url, adminToken)
  }

  get server(): ServerProcess {
    const [server] = this.#servers
    if (!server) throw new Error('no server of this farm is running')
    return server
  }

  /** Starts the server. A second start uses the same address. */
  async start(): Promise<void> {
    const server = await this.#startServer()
    this.#servers.unshift(server)
    this.#url = server.url
    this.#environment.PORT = new URL(server.url).port
  }

  /**
   * Starts another server process on the same database, queues and directory. `within` is a command that runs the
   * server, for example in another network.
   */
  async another(environment: Record<string, string> = {}, within: readonly string[] = []): Promise<ServerProcess> {
    const server = await this.#startServer({ PORT: '0', ...environment }, within)
    this.#servers.push(server)
    return server
  }

  /** Sends requests to this address from now on, for example of a load balancer. */
  use(url: string): void {
    this.#url = url
  }

  async kill9(): Promise<void> {
    await this.server.kill9()
    this.#servers.shift()
  }

  async stop(): Promise<void> {
    await this.server.stop()
    this.#servers.shift()
  }

  /** Adds a project to farm.yaml, and waits until the server has read it. */
  async project(name: string, project: WrittenProject = scriptProject()): Promise<Repository> {
    this.#projects = { ...this.#projects, [name]: project }
    await this.reconfigure(() => this.#writeFarmFile())
    return this.repository(name)
  }

  /** Changes farm.yaml and waits until the server has read it. Returns the log line with the result. */
  async reconfigure(change: () => void): Promise<string> {
    const { server } = this
    const before = server.lines.length
    change()
    const what = 'whether farm.yaml has errors'
    return server.said(
      what,
      ({ msg }) =>
        /of farm.yaml are active|has .* errors?. The farm keeps the previous version/.test(msg) ? msg : undefined,
      before,
    )
  }

  /** The repository of a project. The first call makes the repository. */
  repository(name: string): Repository {
    const known = this.#repositories.get(name) ?? new Repository(join(this.directory, 'repositories', name))
    this.#repositories.set(name, known)
    return known
  }

  /** Enrols a machine with the real agent. */
  async host(name: string, options: HostOptions = {}): Promise<AgentHost> {
    return this.#keep(await AgentHost.enrol(this.api(), name, options))
  }

  /** Starts an enrolment, which may fail. */
  async beginHost(name: string, options: HostOptions = {}): Promise<AgentHost> {
    return this.#keep(await AgentHost.begin(this.api(), name, options))
  }

  /** Makes a machine from the backup of another machine, and starts its agent, which may have to wait. */
  async standIn(first: AgentHost, backup: string, options: HostOptions = {}): Promise<AgentHost> {
    return this.#keep(await first.standIn(this.api(), backup, options))
  }

  /** Enrols a host that sends only the messages of the test. */
  wireHost(name: string, arches: readonly string[] = ['amd64']): Promise<WireHost> {
    return WireHost.enrol(this.api(), name, arches)
  }

  /** Commits `job.sh`, or these files, and triggers a build of that commit. */
  async push(script: string | Record<string, string | Buffer> = '', project = 'sample'): Promise<TestBuild> {
    const files = typeof script === 'string' ? { 'job.sh': script } : script
    return this.trigger(this.repository(project).commit(files), project)
  }

  async trigger(ref?: string, project = 'sample', url = this.#url): Promise<TestBuild> {
    const api = this.api(url)
    return new TestBuild(api, await api.post<BuildAnswer>(`/api/v1/projects/${project}/builds`, ref ? { ref } : {}))
  }

  job(id: number): TestJob {
    return new TestJob(this.api(), id)
  }

  build(id: number): TestBuild {
    return new TestBuild(this.api(), { id, commit: '' })
  }

  /** Runs a statement on the farm's database. A test then need not wait for a change that takes long. */
  async sql<Row extends object = never>(statement: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.#environment.DATABASE_URL, types })
    await client.connect()
    const { rows } = await client.query(statement).finally(() => client.end())
    return rows
  }

  /** The output of all processes, for the message of a failed test. */
  story(): string {
    const servers = this.#servers.map(server => server.lines.slice(-40).join('\n'))
    const hosts = this.#hosts.map(host => `--- ${host.name} said:\n${host.said}`)
    return [`--- the server said:`, ...servers, ...hosts].join('\n')
  }

  /** Ends all processes of the farm. Fails if a process must be killed, or if a process is left. */
  async close(): Promise<void> {
    await Promise.all(this.#hosts.map(host => host.close()))
    const stopped = await Promise.allSettled(this.#servers.map(server => server.stop()))
    await this.redis?.stop()
    for (const close of this.#closing) await close()
    const left = processesBelow(this.directory)
    rmSync(this.directory, { recursive: true, maxRetries: 3 })
    for (const outcome of stopped) if (outcome.status === 'rejected') throw outcome.reason
    if (left.length > 0) throw new Error(`this farm left processes behind:\n${left.join('\n')}`)
  }

  #keep(host: AgentHost): AgentHost {
    this.#hosts.push(host)
    return host
  }

  #startServer(changes: Record<string, string> = {}, within: readonly string[] = []): Promise<ServerProcess> {
    mkdirSync(this.#environment.RUMPFARM_DATA ?? '', { recursive: true })
    return ServerProcess.start({ ...this.#environment, ...changes }, this.directory, within)
  }

  /** Writes JSON, which is also valid YAML. */
  #writeFarmFile(): void {
    const projects = Object.entries(this.#projects).map(([name, project]) => [
      name,
      this.#withRepository(name, project),
    ])
    writeFileSync(this.farmFile, JSON.stringify({ ...this.#farmWide, projects: Object.fromEntries(projects) }, null, 1))
  }

  #withRepository(name: string, project: WrittenProject): WrittenProject {
    return project.repository === undefined ? { ...project, repository: this.repository(name).directory } : project
  }
}

/** Running processes whose environment or command contains this directory. */
function processesBelow(directory: string): string[] {
  const numbers = existsSync('/proc/self/environ') ? readdirSync('/proc').filter(name => /^[0-9]+$/.test(name)) : []
  return numbers.flatMap(number => {
    const [command = '', environment = ''] = ['cmdline', 'environ'].map(file => readQuietly(`/proc/${number}/${file}`))
    const isOurs = Number(number) !== process.pid && `${command}\0${environment}`.includes(directory)
    return isOurs ? [`${number} ${command.replaceAll('\0', ' ')}`] : []
  })
}

const readQuietly = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the process has ended, or belongs to another user
  }
}
