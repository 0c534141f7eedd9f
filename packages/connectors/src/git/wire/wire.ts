import { readFileSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hideSecrets } from '@rumpfarm/contracts'
import { explain } from '../advice.ts'
import type { GitRunner } from '../git-runner.ts'
import type { Fetched, Problem, RemoteRefs } from '../remote-answers.ts'
import { type PacketReader, ProtocolError } from './pkt-line.ts'
import { requestOf, type Session, type Transport, transportOf } from './transport.ts'
import { Unpackers } from './unpackers.ts'

/** The caller must use git for this repository. */
export interface UseGit {
  kind: 'use-git'
}
const useGit: UseGit = { kind: 'use-git' }

/** After a failure, git serves the repository for this time. */
const gitMs = 600_000
const settingsMs = 600_000
const refsMax = 100_000
const havesMax = 256

/** A mirror of a repository. */
interface Target {
  repository: string
  directory: string
}

/** The server refused a request, in its words. */
class Refused extends Error {}

/**
 * Lists refs and fetches single commits without starting programs: over the git protocol, and over HTTP. A `git fetch`
 * starts three to five programs, which is most of the time between a push and its first job. Whatever is unusual, such
 * as a proxy, a password, ssh or an old server, is left to git.
 */
export class Wire {
  readonly #git: GitRunner
  readonly #transports = new Map<string, Transport>()
  readonly #withGitUntil = new Map<string, number>()
  readonly #unpackers: Unpackers
  /** The commits that the farm fetched into a mirror lately, newest last. */
  readonly #haves = new Map<string, string[]>()
  readonly #closing = new AbortController()
  #settings: { plain: Promise<boolean>; until: number } | undefined

  constructor(git: GitRunner) {
    this.#git = git
    this.#unpackers = new Unpackers(git)
  }

  /** Reads HEAD and these refs, which are full names or end with `/*`. */
  async listRefs(repository: string, refs: readonly string[]): Promise<RemoteRefs | Problem | UseGit> {
    const seconds = this.#git.limits.listSeconds
    const listed = await this.#withSession({ repository, purpose: 'list', seconds }, session => listRefs(session, refs))
    return listed.kind === 'absent' ? useGit : listed
  }

  /** Fetches one commit into the mirror, without its history. */
  async fetchCommit(mirror: Target, commit: string): Promise<Fetched | UseGit> {
    if (/refstorage/i.test(readFileSync(join(mirror.directory, 'config'), 'latin1'))) return useGit
    const { repository } = mirror
    const seconds = this.#git.limits.fetchSeconds
    return this.#withSession({ repository, purpose: 'fetch', seconds }, async session => {
      await this.#fetchWith(session, mirror, commit)
      return { kind: 'fetched' as const }
    })
  }

  /** Ends the waiting processes of a mirror that was created again. */
  forget(directory: string): void {
    this.#unpackers.close(directory)
    this.#haves.delete(directory)
  }

  /** Ends all requests and connections. `Git.close` ends the processes. */
  close(): void {
    this.#closing.abort()
    for (const transport of this.#transports.values()) transport.close()
  }

  async #withSession<Answer extends { kind: string }>(
    { repository, purpose, seconds }: { repository: string; purpose: 'list' | 'fetch'; seconds: number },
    run: (session: Session) => Promise<Answer>,
  ): Promise<Answer | { kind: 'absent' } | Problem | UseGit> {
    const failure = `cannot ${purpose === 'list' ? 'read' : 'fetch'} ${hideSecrets(repository)}`
    const transport = await this.#transport(repository)
    if (!transport) return useGit
    let session: Session | undefined
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(seconds * 1000)])
    try {
      session = await transport.open(signal, purpose)
      const answer = await run(session)
      session.release()
      return answer
    } catch (error) {
      session?.close()
      if (this.#closing.signal.aborted)
        return { kind: 'problem', problem: explain(failure, 'the server stops'), unreachable: true }
      if (signal.aborted)
        return { kind: 'problem', problem: explain(failure, `no answer within ${seconds} s`), unreachable: true }
      if (error instanceof Refused && /not our ref/.test(error.message)) return { kind: 'absent' }
      this.#withGitUntil.set(repository, Date.now() + gitMs)
      return useGit
    }
  }

  async #transport(repository: string): Promise<Transport | undefined> {
    if ((this.#withGitUntil.get(repository) ?? 0) > Date.now()) return undefined
    const known = this.#transports.get(repository) ?? transportOf(repository)
    if (!known || !(await this.#hasPlainSettings())) return undefined
    this.#transports.set(repository, known)
    return known
  }

  /** Whether no setting of the administrator changes how git connects. */
  #hasPlainSettings(): Promise<boolean> {
    if (this.#settings && this.#settings.until > Date.now()) return this.#settings.plain
    const plain = arePlain(this.#git)
    this.#settings = { plain, until: Date.now() + settingsMs }
    return plain
  }

  async #fetchWith(session: Session, mirror: Target, commit: string): Promise<void> {
    const features = (session.capabilities.get('fetch') ?? '').split(' ')
    if (!features.includes('shallow')) throw new ProtocolError('the server has no shallow fetch')
    const format = session.capabilities.get('object-format') ?? 'sha1'
    if (format !== (commit.length === 64 ? 'sha256' : 'sha1')) throw new ProtocolError('another hash algorithm')
    const { directory } = mirror
    const shallow = await readShallow(directory)
    const haves = await this.#havesOf(directory)
    const packets = await session.ask(
      requestOf('fetch', session, [
        'thin-pack',
        'no-progress',
        'ofs-delta',
        ...[...shallow].map(hash => `shallow ${hash}`),
        'deepen 1',
        `want ${commit}`,
        ...haves.map(hash => `have ${hash}`),
        'done',
      ]),
    )
    const changes = await readShallowInfo(packets)
    await this.#unpackers.unpack(directory, packOf(packets))
    await writeShallow(directory, shallow, changes)
    await writeRef(directory, commit)
    haves.push(commit)
    if (haves.length > havesMax) haves.shift()
    this.#unpackers.prepare(directory)
  }

  async #havesOf(directory: string): Promise<string[]> {
    const known = this.#haves.get(directory) ?? (await fetchedBefore(directory))
    this.#haves.set(directory, known)
    return known
  }
}

/** Settings for connections, apart from the farm's own. A credential helper matters only after a refusal. */
const special = /^(http\.|url\.|protocol\.|core\.gitproxy|remote\.|transfer\.)/i
const own = /^(http\.lowspeedlimit|http\.lowspeedtime|protocol\.version)$/i
const proxies = /^(https?_proxy|all_proxy|GIT_(SSL|PROXY|HTTP|TRACE).*)$/i

async function arePlain(git: GitRunner): Promise<boolean> {
  if (git.variables.some(name => proxies.test(name))) return false
  const asked = await git.text({ args: ['config', '--list', '--name-only', '-z'], seconds: 60, cwd: '/' })
  if (asked.kind === 'failed') return false
  const names = asked.stdout.toString('utf8').split('\0')
  return !names.some(name => special.test(name) && !own.test(name))
}

async function listRefs(session: Session, refs: readonly string[]): Promise<RemoteRefs> {
  const prefixes = ['HEAD', ...refs].map(ref => `ref-prefix ${ref.replace(/\*$/, '')}`)
  const packets = await session.ask(requestOf('ls-refs', session, ['peel', 'symrefs', ...prefixes]))
  const commits = new Map<string, string>()
  let defaultBranch: string | undefined
  for (let line = await nextLine(packets); line !== undefined; line = await nextLine(packets)) {
    const [, hash, name, more = ''] = /^([0-9a-f]{40,64}) (\S+)(.*)$/.exec(line) ?? []
    if (!hash || !name) continue
    if (commits.size >= refsMax) throw new ProtocolError('too many refs')
    if (name === 'HEAD') defaultBranch = / symref-target:refs\/heads\/(\S+)/.exec(more)?.[1]
    if (name === 'HEAD' || isWanted(name, refs)) commits.set(name, / peeled:([0-9a-f]+)/.exec(more)?.[1] ?? hash)
  }
  return { kind: 'refs', defaultBranch, head: commits.get('HEAD'), commits }
}

const isWanted = (name: string, refs: readonly string[]) =>
  refs.some(ref => (ref.endsWith('*') ? name.startsWith(ref.slice(0, -1)) : name === ref))

/** The next line; undefined at the end of a section. Throws the server's refusal. */
async function nextLine(packets: PacketReader): Promise<string | undefined> {
  const line = await packets.line()
  if (line?.startsWith('ERR ')) throw new Refused(line.slice(4))
  return line
}

interface ShallowChanges {
  added: string[]
  removed: string[]
}

/** Reads the sections before the pack. */
async function readShallowInfo(packets: PacketReader): Promise<ShallowChanges> {
  const changes: ShallowChanges = { added: [], removed: [] }
  for (;;) {
    const section = await nextLine(packets)
    if (section === 'packfile') return changes
    if (section !== 'shallow-info') throw new ProtocolError(`an unknown section: ${section}`)
    for (let line = await nextLine(packets); line !== undefined; line = await nextLine(packets)) {
      const [kind, hash] = line.split(' ', 2)
      if (!hash || !/^[0-9a-f]{40,64}$/.test(hash)) throw new ProtocolError('a shallow line has no hash')
      if (kind === 'shallow') changes.added.push(hash)
      else changes.removed.push(hash)
    }
  }
}

/** The pack from the packets of the side bands: 1 has the data, 2 the progress, and 3 an error. */
async function* packOf(packets: PacketReader): AsyncGenerator<Buffer> {
  for (let packet = await packets.next(); packet.kind === 'line'; packet = await packets.next()) {
    const band = packet.body[0]
    if (band === 1) yield packet.body.subarray(1)
    else if (band !== 2) throw new Refused(packet.body.toString('utf8', 1))
  }
}

async function readShallow(directory: string): Promise<Set<string>> {
  const text = await readFile(join(directory, 'shallow'), 'latin1').catch(() => '')
  return new Set(text.split('\n').filter(line => line !== ''))
}

/** Changes the list of commits without parents, under git's own lock. Throws if another process holds the lock. */
async function writeShallow(directory: string, before: ReadonlySet<string>, { added, removed }: ShallowChanges) {
  const after = new Set([...before, ...added])
  for (const hash of removed) after.delete(hash)
  if (after.size === before.size && added.every(hash => before.has(hash))) return
  const text = [...after].map(hash => `${hash}\n`).join('')
  await writeLocked(join(directory, 'shallow'), text)
}

async function writeRef(directory: string, commit: string): Promise<void> {
  await mkdir(join(directory, 'refs/farm'), { recursive: true })
  await writeLocked(join(directory, 'refs/farm', commit), `${commit}\n`)
}

async function writeLocked(file: string, text: string): Promise<void> {
  const lock = await open(`${file}.lock`, 'wx')
  try {
    await lock.writeFile(text)
    await lock.close()
    await rename(`${file}.lock`, file)
  } catch (error) {
    await rm(`${file}.lock`, { force: true })
    throw error
  }
}

/** Names of commits that an earlier server process fetched: the newest loose refs, and some packed ones. */
async function fetchedBefore(directory: string): Promise<string[]> {
  const packed = await readFile(join(directory, 'packed-refs'), 'latin1').catch(() => '')
  const old = [...packed.matchAll(/ refs\/farm\/([0-9a-f]{40,64})$/gm)].map(([, hash = '']) => hash)
  const names = (await readdir(join(directory, 'refs/farm')).catch(() => [])).filter(name => /^[0-9a-f]+$/.test(name))
  const loose = await Promise.all(
    names.slice(-1000).map(async name => ({
      name,
      at: (await stat(join(directory, 'refs/farm', name)).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  )
  const byTime = loose.sort((a, b) => a.at - b.at).map(({ name }) => name)
  return [...old, ...byTime].slice(-havesMax)
}
