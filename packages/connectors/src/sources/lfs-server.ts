// The batch API of git LFS: https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hideSecrets } from '@rumpfarm/contracts'
import { TarError } from '../git/tar-stream.ts'
import { askText, downloadTo } from './download.ts'
import { isKept } from './kept-files.ts'
import type { LfsPointer } from './lfs-pointer.ts'

export interface LfsServer {
  /** Without a slash at its end. */
  url: string
  /** The host of the repository in farm.yaml. */
  trustedHost: string
  /** For a refused request: the header of a user and a password, from git's credential helpers. */
  credentials: () => Promise<string | undefined>
}

const objectsPerRequest = 100
const objectBytesMax = 999_999_999
const answerBytesMax = 4_000_000
const requestSeconds = 60
const objectSeconds = 1800
const downloadsAtOnce = 4

/**
 * The address of the LFS server that belongs to a repository. `own` is the address in .lfsconfig. Undefined if the
 * repository has no such server, because it is a directory.
 */
export function lfsAddress(repository: string, own: string | undefined): string | undefined {
  const address = own ?? httpAddress(repository)
  return address?.replace(/\/+$/, '')
}

function httpAddress(repository: string): string | undefined {
  if (/^https?:\/\//i.test(repository)) return `${repository.replace(/\/+$/, '').replace(/(\.git)?$/, '.git')}/info/lfs`
  const [, host, path] =
    /^(?:ssh|git):\/\/(?:[^@/]+@)?([^/:]+)(?::\d+)?\/(.+)$/.exec(repository) ??
    /^(?:[^@/]+@)?([^/:]+):(.+)$/.exec(repository) ??
    []
  if (!host || !path) return undefined
  return `https://${host}/${path.replace(/^\/+|\/+$/g, '').replace(/(\.git)?$/, '.git')}/info/lfs`
}

/** Where the farm keeps the content of an object. */
export const objectFile = (directory: string, { oid }: LfsPointer): string => join(directory, oid.slice(0, 2), oid)

/** Downloads the objects that the farm does not have. Throws an error for people. */
export async function downloadObjects(
  server: LfsServer,
  directory: string,
  pointers: readonly LfsPointer[],
): Promise<void> {
  const missing = new Map<string, LfsPointer>()
  for (const pointer of pointers) if (!(await isKept(objectFile(directory, pointer)))) missing.set(pointer.oid, pointer)
  const tooLarge = [...missing.values()].find(({ size }) => size > objectBytesMax)
  if (tooLarge) throw new TarError(`an object of git LFS has ${tooLarge.size} bytes, more than ${objectBytesMax}`)
  const wanted = [...missing.values()]
  let authorization: string | undefined
  for (let at = 0; at < wanted.length; at += objectsPerRequest) {
    const part = wanted.slice(at, at + objectsPerRequest)
    const answer = await requestBatch(server, part, authorization)
    authorization = answer.authorization
    await inTurns(part, downloadsAtOnce, pointer => downloadObject(server, directory, pointer, answer))
  }
}

interface Action {
  href: string
  header: Record<string, string>
}

interface Batch {
  actions: Map<string, Action>
  errors: Map<string, string>
  authorization: string | undefined
}

async function requestBatch(
  server: LfsServer,
  pointers: readonly LfsPointer[],
  authorization?: string,
): Promise<Batch> {
  const body = JSON.stringify({
    operation: 'download',
    transfers: ['basic'],
    objects: pointers.map(({ oid, size }) => ({ oid, size })),
    hash_algo: 'sha256',
  })
  const ask = (header: string | undefined) =>
    askText({
      ...withoutUser(server.url, header),
      url: `${withoutUser(server.url).url}/objects/batch`,
      trustedHost: server.trustedHost,
      body,
      bytesMax: answerBytesMax,
      seconds: requestSeconds,
    })
  let used = authorization
  let answer = await ask(used)
  if (answer.kind === 'failed' && answer.status === 401 && used === undefined) {
    used = await server.credentials()
    if (used !== undefined) answer = await ask(used)
  }
  const where = `the LFS server ${hideSecrets(server.url)}`
  if (answer.kind === 'failed') {
    const advice = [401, 403].includes(answer.status ?? 0)
      ? "; give the farm's user access with a git credential helper"
      : ''
    throw new TarError(`${where} does not send the objects: ${answer.message}${advice}`)
  }
  return { ...readBatch(answer.text, where), authorization: used }
}

/** The request without a user and password in its address: they go into a header. */
function withoutUser(address: string, authorization?: string) {
  const url = new URL(address)
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  const own = user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}`
  const header = authorization ?? own
  const type = 'application/vnd.git-lfs+json'
  return {
    url: url.href.replace(/\/+$/, ''),
    headers: { accept: type, 'content-type': type, ...(header === undefined ? {} : { authorization: header }) },
  }
}

function readBatch(text: string, where: string): Pick<Batch, 'actions' | 'errors'> {
  const actions = new Map<string, Action>()
  const errors = new Map<string, string>()
  for (const object of objectsOf(text, where)) {
    const { oid, actions: offered, error } = object
    if (typeof oid !== 'string') continue
    if (error) errors.set(oid, `${error.message ?? 'an error'} (${error.code ?? 'no code'})`)
    const { href, header } = offered?.download ?? {}
    if (typeof href === 'string') actions.set(oid, { href, header: plainHeaders(header) })
  }
  return { actions, errors }
}

interface BatchObject {
  oid?: unknown
  actions?: { download?: { href?: unknown; header?: unknown } }
  error?: { code?: unknown; message?: unknown }
}

function objectsOf(text: string, where: string): BatchObject[] {
  try {
    const { objects } = Object(JSON.parse(text)) as { objects?: unknown }
    if (Array.isArray(objects)) return objects.map(object => Object(object) as BatchObject)
  } catch {
    // the error below says it
  }
  throw new TarError(`${where} did not answer with a list of objects`)
}

const plainHeaders = (headers: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(Object(headers) as Record<string, unknown>).filter(
      (entry): entry is [string, string] =>
        typeof entry[1] === 'string' && /^[A-Za-z0-9-]+$/.test(entry[0]) && !/[\r\n\0]/.test(entry[1]),
    ),
  )

async function downloadObject(server: LfsServer, directory: string, pointer: LfsPointer, batch: Batch): Promise<void> {
  const { oid, size } = pointer
  const action = batch.actions.get(oid)
  const where = `the LFS server ${hideSecrets(server.url)}`
  if (!action) throw new TarError(`${where} has no object ${oid}: ${batch.errors.get(oid) ?? 'it sends no address'}`)
  const file = objectFile(directory, pointer)
  await mkdir(dirname(file), { recursive: true })
  const draft = join(dirname(file), `.${oid}.${randomUUID()}`)
  try {
    const url = new URL(action.href, `${server.url}/`).href
    const limits = { sha256: oid, size, bytesMax: size, seconds: objectSeconds }
    const result = await downloadTo(draft, { url, trustedHost: server.trustedHost, headers: action.header, ...limits })
    if (result.kind === 'failed') throw new TarError(`${where}: the object ${oid} is not available: ${result.message}`)
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Runs the work for all items, a few at once. Stops at the first error. */
async function inTurns<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = [...items]
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
