import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shellNamed } from '../../apps/agent/spec/support/host.ts'

/** The shell, the client and the launcher of an agent. */
export interface Combination {
  shell: string
  client: string
  launcher: string
}

/** The shells. Each has a different dialect. The table of docs/hosts.md uses these names. */
export const shells: readonly string[] = [
  'dash',
  'bash',
  'bash --posix',
  'mksh',
  'ksh93',
  'yash',
  'posh',
  'ash',
  'zsh as sh',
]
/** `signed` is curl over plain HTTP with signed requests. `openssl` supports only TLS, so it needs a TLS front. */
export const clients: readonly string[] = ['curl', 'wget', 'bbwget', 'perl', 'python', 'nc', 'openssl', 'signed']
/** The program of a client, if it has another name. */
const programs: Record<string, string> = { bbwget: 'busybox', python: 'python3', signed: 'curl' }
/** With the launcher `none` no program makes a new process group, so the agent searches the process tree. */
export const launchers: readonly string[] = ['setsid', 'perl', 'python3', 'monitor', 'none']

/** All combinations of shells and clients. The launchers alternate. */
export const everyCombination = (): Combination[] =>
  shells.flatMap((shell, row) =>
    clients.map((client, column) => ({ shell, client, launcher: turn(launchers, row + column) })),
  )

/** One combination for each scenario. Each shell, each client and each launcher is in at least one combination. */
export const diagonal = (length: number): Combination[] =>
  Array.from({ length }, (_, at) => ({
    shell: turn(shells, at),
    client: turn(clients, at),
    launcher: turn(launchers, at),
  }))

const turn = <T>(list: readonly T[], at: number): T => list[at % list.length] as T

const found = new Map<string, boolean>()
const runs = (program: string): boolean => {
  const here = found.get(program) ?? spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0
  found.set(program, here)
  return here
}

/** The program that this machine lacks for the combination, or undefined. */
export const missingFor = ({ shell, client, launcher }: Combination): string | undefined => {
  const needed = [shellNamed(shell).program, programs[client] ?? client]
  if (!/^(monitor|none)$/.test(launcher)) needed.push(launcher)
  return needed.find(name => !runs(name))
}

/** True if the host connects over TLS. Then the host trusts the authority of the farm's certificate. */
export const isTls = ({ client }: Combination): boolean => client === 'openssl'

/**
 * Returns the command that enrols a host. With the client curl, this is the line that the farm shows. With posh, which
 * has no `sh -s`, and with the other clients, the command first saves agent.sh. If the client is wget, wget downloads
 * the file. Otherwise curl downloads it.
 */
export const enrolmentWith =
  (combination: Combination, authority = '') =>
  (line: string): string => {
    const { shell, client } = combination
    const [, url, token] = /^curl -fsS (\S+)\/agent\.sh \| sh -s -- enroll (\S+)$/.exec(line) ?? []
    if (!token) throw new Error(`this is not the line that the farm shows: ${line}`)
    if (client === 'curl' && shell !== 'posh') return line
    const fetch = client === 'wget' ? 'wget -qO' : 'curl -fsSo'
    const saved = isTls(combination) ? `agent.sh --cacert ${authority}` : 'agent.sh'
    const how = isTls(combination) ? `--ca ${authority} ` : client === 'signed' ? `--url signed+${url} ` : ''
    return `${fetch} ${saved} ${url}/agent.sh && sh agent.sh ${how}enroll ${token}`
  }

/** Makes a directory where `sh` is the shell. The directory is first in PATH, for the enrolment line and the jobs. */
export const directoryWithSh = (shell: string): string => {
  const { program } = shellNamed(shell)
  const made = directories.get(shell) ?? mkdtempSync(join(tmpdir(), 'rumpfarm-sh-'))
  if (!directories.has(shell)) {
    const path = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { encoding: 'utf8' }).stdout.trim()
    symlinkSync(path, join(made, 'sh'))
    if (program === 'busybox') symlinkSync(path, join(made, 'grep')) // busybox grep ignores the text after a NUL
    directories.set(shell, made)
  }
  return made
}

const directories = new Map<string, string>()
/** Removes the directories. Call this after the tests, because a worker of vitest gets no exit event. */
export const removeDirectories = (): void => {
  for (const directory of directories.values()) rmSync(directory, { recursive: true, force: true })
  directories.clear()
}
