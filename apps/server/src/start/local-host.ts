import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasExited } from '@rumpfarm/child-process'
import { type components, type FarmClient, Refusal } from '@rumpfarm/client'
import { type Child, startChild } from './child.ts'

export interface HostRequest {
  api: FarmClient
  dataDirectory: string
  say: (line: string) => void
  /** Aborts when the shutdown begins. */
  shutdown: AbortSignal
}

export interface RunningHost {
  name: string
  child: Child
  stop: (hurry: AbortSignal) => Promise<void>
}

/** Before it ends, the agent stops its job (TERM, five seconds, KILL) and reports the end of the job to the farm. */
const stopTimeouts = { normal: 20_000, hurried: 5_000 }

/** Makes a host's name from the name of a machine: the part before the first dot, with only valid characters. */
export const hostNameOf = (name: string): string => {
  const short = name.split('.', 1)[0] ?? ''
  const valid = short.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  return valid.slice(0, 60) || 'this-machine'
}

const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0

/**
 * Adapts the farm's enrolment line to this machine. The line uses curl, but the agent also works with wget. The line
 * contains PUBLIC_URL, an address that this machine perhaps cannot reach, for example before the proxy runs.
 */
export const lineForThisMachine = (line: string, url: string, curl: boolean): string => {
  const local = line.includes(` ${url}/agent.sh `)
    ? line
    : line.replace(/\S+\/agent\.sh \| sh -s --/, `${url}/agent.sh | sh -s -- --url ${url}`)
  return curl ? local : local.replace(/^curl -fsSL?\b/, 'wget -qO-')
}

const fetchLine = async (api: FarmClient, name: string): Promise<string> => {
  const { line } = await api.post('/api/v1/hosts/invitations', { body: { name } })
  const curl = has('curl')
  if (!curl && !has('wget'))
    throw new Error('this machine cannot be a host, because it has neither curl nor wget: install one of them')
  return lineForThisMachine(line, api.url, curl)
}

const findHost = async (api: FarmClient, name: string): Promise<components['schemas']['Host'] | undefined> => {
  try {
    return await api.get('/api/v1/hosts/{name}', { params: { path: { name } } })
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return undefined
    throw error
  }
}

/** Returns the first free name of NAME, NAME-2, … */
const freeName = async (api: FarmClient, name: string, number = 1): Promise<string> => {
  const candidate = number === 1 ? name : `${name}-${number}`
  return (await findHost(api, candidate)) ? freeName(api, name, number + 1) : candidate
}

/** Returns the host name of the agent in this directory, which is the second word in its file `farm`. */
const enrolledName = (directory: string): string | undefined => {
  const has = (file: string) => existsSync(join(directory, file))
  const credential = has('private/credential') || has('credential') // an older agent has the second path
  return credential && has('agent.sh') && has('farm')
    ? readFileSync(join(directory, 'farm'), 'utf8').trim().split(' ')[1]
    : undefined
}

/** Removes the files of an enrolment that the farm no longer has, but keeps the owner's settings. */
const forgetEnrolment = (directory: string): void => {
  for (const name of readdirSync(directory))
    if (name !== 'host.conf') rmSync(join(directory, name), { recursive: true })
}

/**
 * Removes the variables of the farm and of npm from the environment of jobs. A job can run code of any person who
 * pushes, and the log of the job is public. This is a shell script, because only config.ts may read the environment.
 */
export const runWithoutFarmVariables = `
unset ADMIN_TOKEN FARM_SECRET GITHUB_WEBHOOK_SECRET GITHUB_WEBHOOK_SECRET_OLD SOURCEHUT_WEBHOOK_KEYS DATABASE_URL DATABASE_CONNECTIONS REDIS_URL
unset DATABASE_DIRECT_URL DATABASE_READ_URL STORAGE_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
unset PORT HOST PUBLIC_URL RUMPFARM_URL TRUST_PROXY RUMPFARM_DATA FARM_FILE LEASE_SECONDS AGENT_VERSION_MIN SOURCES_MB LOG_LEVEL SMTP_URL MAIL_FROM NODE INIT_CWD COLOR
for name in $(env | sed -n -e 's/^\\(npm_[A-Za-z0-9_]*\\)=.*/\\1/p' -e 's/^\\(NOTIFY_[A-Za-z0-9_]*\\)=.*/\\1/p' -e 's/^\\(STATUS_[A-Za-z0-9_]*\\)=.*/\\1/p' -e 's/^\\(WEBHOOK_[A-Za-z0-9_]*\\)=.*/\\1/p'); do unset "$name"; done
PATH=$(printf '%s\\n' "$PATH" | tr : '\\n' | grep -v '/node_modules/' | tr '\\n' :)
PATH=\${PATH%:}
exec "$@"`

const runAgent = (directory: string, command: readonly string[]): Child =>
  startChild({
    command: ['sh', '-c', runWithoutFarmVariables, 'sh', ...command],
    environment: { RUMPFARM_DIR: directory },
    directory: '/',
    logFile: `${directory}.log`,
  })

const enrol = async ({ api, say }: HostRequest, directory: string): Promise<Omit<RunningHost, 'stop'>> => {
  const name = await freeName(api, hostNameOf(hostname()))
  const line = await fetchLine(api, name)
  say(`enrolling this machine as ${name} with the line that every host uses:\n    ${line}`)
  // The child is this shell, and `stop` waits until the child has ended. The trap keeps the shell running until the
  // agent in its pipeline has ended.
  return { name, child: runAgent(directory, ['sh', '-c', `trap : TERM\n${line}`]) }
}

/** Replaces the agent with the server's current agent, because the enrolled agent can be older. */
const refreshAgent = async (api: FarmClient, directory: string): Promise<void> => {
  const file = join(directory, 'agent.sh')
  writeFileSync(`${file}.new`, await (await api.fetch('/agent.sh')).text(), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

const resume = async ({ api }: HostRequest, directory: string, name: string): Promise<Omit<RunningHost, 'stop'>> => {
  await refreshAgent(api, directory)
  return { name, child: runAgent(directory, ['sh', join(directory, 'agent.sh'), '--url', api.url, 'run']) }
}

const enrolOrResume = async (request: HostRequest, directory: string): Promise<Omit<RunningHost, 'stop'>> => {
  const name = enrolledName(directory)
  if (name && (await findHost(request.api, name))) return resume(request, directory, name)
  if (name) request.say(`the database has no host ${name}: enrolling again`)
  forgetEnrolment(directory)
  return enrol(request, directory)
}

const claimDirectories = (directory: string): string[] => {
  const slots = readdirSync(directory).filter(name => name.startsWith('slot-'))
  return slots.flatMap(slot => readdirSync(join(directory, slot)).map(claim => join(directory, slot, claim)))
}

/** Kills all jobs of the agent. Each job is a process group, and the agent writes the number of the group to a file. */
const killJobs = (directory: string): void => {
  const files = claimDirectories(directory).map(claim => join(claim, 'runner'))
  for (const file of files.filter(path => existsSync(path))) {
    const group = Number(readFileSync(file, 'utf8').split(' ', 1)[0])
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

/** Makes this machine a host of the farm, or starts its agent again. The agent's directory is in the data directory. */
export const startHost = async (request: HostRequest): Promise<RunningHost> => {
  const directory = join(request.dataDirectory, 'agent')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const host = await enrolOrResume(request, directory)
  const stop = (hurry: AbortSignal) => {
    hurry.addEventListener('abort', () => killJobs(directory), { once: true })
    return host.child.stop(stopTimeouts, hurry)
  }
  return { ...host, stop }
}

/** Resolves with the host's arches when it is online, or with undefined if the agent ends or a shutdown begins. */
export const hostOnline = async (
  { child, name }: RunningHost,
  { api, shutdown }: HostRequest,
): Promise<string[] | undefined> => {
  while (!hasExited(child.process) && !shutdown.aborted) {
    const host = await findHost(api, name)
    if (host?.presence === 'online' && host.arches.length > 0) return host.arches.map(({ arch }) => arch)
    await sleep(100)
  }
  return undefined
}
