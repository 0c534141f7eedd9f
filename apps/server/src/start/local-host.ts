import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasExited } from '@rumpfarm/child-process'
import { type Api, Refusal } from '../cli/api-client.ts'
import { type Child, startChild } from './child.ts'

export interface HostRequest {
  api: Api
  dataDirectory: string
  say: (line: string) => void
  begun: AbortSignal
}

interface HostAnswer {
  name: string
  presence: string
  arches: { arch: string }[]
}

export interface RunningHost {
  name: string
  child: Child
  stop: (hasten: AbortSignal) => Promise<void>
}

/** The agent ends its job first (TERM, five seconds, KILL), and tells the farm. */
const patience = { usual: 20_000, hasty: 5_000 }

/** This machine's name as a host: up to the first dot, and only what a host's name may hold. */
export const hostNameOf = (name: string): string => {
  const short = name.split('.', 1)[0] ?? ''
  const valid = short.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  return valid.slice(0, 60) || 'this-machine'
}

const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0

/**
 * The line as the farm gives it uses curl; the agent itself is content with wget. It names the farm as others call it
 * (PUBLIC_URL), an address that this machine itself need not reach: behind a router, or before the proxy runs.
 */
export const lineForThisMachine = (line: string, url: string, curl: boolean): string => {
  const near = line.includes(` ${url}/agent.sh `)
    ? line
    : line.replace(/\S+\/agent\.sh \| sh -s --/, `${url}/agent.sh | sh -s -- --url ${url}`)
  return curl ? near : near.replace(/^curl -fsSL?\b/, 'wget -qO-')
}

const fetchLine = async (api: Api, name: string): Promise<string> => {
  const { line } = await api.post<{ line: string }>('/api/v1/hosts/invitations', { name })
  const curl = has('curl')
  if (!curl && !has('wget')) throw new Error('this machine cannot be a host: it has neither curl nor wget; install one')
  return lineForThisMachine(line, api.url, curl)
}

const findHost = async (api: Api, name: string): Promise<HostAnswer | undefined> => {
  try {
    return await api.get<HostAnswer>(`/api/v1/hosts/${name}`)
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return undefined
    throw error
  }
}

/** The first of NAME, NAME-2, … that no host has. */
const freeName = async (api: Api, name: string, number = 1): Promise<string> => {
  const candidate = number === 1 ? name : `${name}-${number}`
  return (await findHost(api, candidate)) ? freeName(api, name, number + 1) : candidate
}

/** The name under which this directory's agent was enrolled: the second word of its file `farm`. */
const enrolledName = (directory: string): string | undefined => {
  const holds = (file: string) => existsSync(join(directory, file))
  const credential = holds('private/credential') || holds('credential') // an older agent's, which the new one moves
  return credential && holds('agent.sh') && holds('farm')
    ? readFileSync(join(directory, 'farm'), 'utf8').trim().split(' ')[1]
    : undefined
}

/** Everything of an enrolment that the farm no longer knows, but not the owner's own words about this host. */
const forgetEnrolment = (directory: string): void => {
  for (const name of readdirSync(directory))
    if (name !== 'host.conf') rmSync(join(directory, name), { recursive: true })
}

/**
 * What is the farm's and npm's own stays out of the jobs: anybody's push runs as a job, and everybody reads its log. As shell
 * text, since only config.ts reads the environment.
 */
export const withoutOurs = `
unset ADMIN_TOKEN FARM_SECRET GITHUB_WEBHOOK_SECRET WEBHOOK_SECRET DATABASE_URL DATABASE_CONNECTIONS REDIS_URL
unset PORT HOST PUBLIC_URL RUMPFARM_URL TRUST_PROXY RUMPFARM_DATA FARM_FILE LEASE_SECONDS AGENT_VERSION_MIN SOURCES_MB LOG_LEVEL NODE INIT_CWD COLOR
for name in $(env | sed -n 's/^\\(npm_[A-Za-z0-9_]*\\)=.*/\\1/p'); do unset "$name"; done
PATH=$(printf '%s\\n' "$PATH" | tr : '\\n' | grep -v '/node_modules/' | tr '\\n' :)
PATH=\${PATH%:}
exec "$@"`

const runAgent = (directory: string, command: readonly string[]): Child =>
  startChild({
    command: ['sh', '-c', withoutOurs, 'sh', ...command],
    environment: { RUMPFARM_DIR: directory },
    directory: '/',
    logFile: `${directory}.log`,
  })

const enrol = async ({ api, say }: HostRequest, directory: string): Promise<Omit<RunningHost, 'stop'>> => {
  const name = await freeName(api, hostNameOf(hostname()))
  const line = await fetchLine(api, name)
  say(`enrolling this machine as ${name}, by the line that any host gets:\n    ${line}`)
  // The trap keeps this shell, whose end we wait for, until the agent in its pipeline has ended.
  return { name, child: runAgent(directory, ['sh', '-c', `trap : TERM\n${line}`]) }
}

/** The agent as this server has it now; the enrolled one may be older. */
const refreshAgent = async (api: Api, directory: string): Promise<void> => {
  const file = join(directory, 'agent.sh')
  writeFileSync(`${file}.new`, await api.text('/agent.sh'), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

const resume = async ({ api }: HostRequest, directory: string, name: string): Promise<Omit<RunningHost, 'stop'>> => {
  await refreshAgent(api, directory)
  return { name, child: runAgent(directory, ['sh', join(directory, 'agent.sh'), '--url', api.url, 'run']) }
}

const enrolOrResume = async (request: HostRequest, directory: string): Promise<Omit<RunningHost, 'stop'>> => {
  const name = enrolledName(directory)
  if (name && (await findHost(request.api, name))) return resume(request, directory, name)
  if (name) request.say(`this database does not know the host ${name}: enrolling anew`)
  forgetEnrolment(directory)
  return enrol(request, directory)
}

const claimDirectories = (directory: string): string[] => {
  const slots = readdirSync(directory).filter(name => name.startsWith('slot-'))
  return slots.flatMap(slot => readdirSync(join(directory, slot)).map(claim => join(directory, slot, claim)))
}

/** A job is a process group of its own; the agent that waits for it notes its number. */
const killJobs = (directory: string): void => {
  const notes = claimDirectories(directory).map(claim => join(claim, 'runner'))
  for (const note of notes.filter(file => existsSync(file))) {
    const group = Number(readFileSync(note, 'utf8').split(' ', 1)[0])
    if (Number.isInteger(group) && group > 1) killGroup(group)
  }
}

const killGroup = (group: number): void => {
  try {
    process.kill(-group, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Makes this machine a host of the farm, or lets it be one again; its agent's directory is below the data directory. */
export const startHost = async (request: HostRequest): Promise<RunningHost> => {
  const directory = join(request.dataDirectory, 'agent')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const host = await enrolOrResume(request, directory)
  const stop = (hasten: AbortSignal) => {
    hasten.addEventListener('abort', () => killJobs(directory), { once: true })
    return host.child.stop(patience, hasten)
  }
  return { ...host, stop }
}

/** Undefined: the agent ended, or we are ending. */
export const hostOnline = async (
  { child, name }: RunningHost,
  { api, begun }: HostRequest,
): Promise<string[] | undefined> => {
  while (!hasExited(child.process) && !begun.aborted) {
    const host = await findHost(api, name)
    if (host?.presence === 'online' && host.arches.length > 0) return host.arches.map(({ arch }) => arch)
    await sleep(100)
  }
  return undefined
}
