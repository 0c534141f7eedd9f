import Type from 'typebox'
import { malformed, readDelivery, readDeliveryId, readPayload, refName, word } from './body.ts'
import {
  type Forge,
  type ForgeEvent,
  type ForgeKind,
  type Headers,
  header,
  type Malformed,
  type Signed,
  type Verified,
} from './event.ts'
import {
  type Delivery,
  Repository,
  readOther,
  readPullRequest,
  readPush,
  readRelease,
  withRepository,
} from './github-format.ts'
import { noSecret, sharedSecrets, verifyHmac } from './hmac.ts'
import { missingSignature } from './recognise.ts'

/** Gitea: https://docs.gitea.com/usage/webhooks. Releases before 1.14 send no X-Hub-Signature-256. */
export const gitea: Forge = {
  verify: signed => verifyGitea('gitea', ['X-Gitea-Signature'], signed),
  read: (headers, body) => readGitea(['X-Gitea'], headers, body, readEvent),
}

/**
 * Verifies by the first of `names` that came. If the webhook has no secret, Gitea sends the header without a value. Gitea
 * signs the JSON, also when it sends the JSON as a field of a form.
 */
export function verifyGitea(kind: ForgeKind, names: readonly string[], { headers, body, secrets }: Signed): Verified {
  if (sharedSecrets(secrets).length === 0) return noSecret
  const name = names.find(one => header(headers, one) !== undefined)
  if (!name) return { kind: 'bad-signature', problem: missingSignature(kind, names[0] ?? '', headers) }
  const given = header(headers, name) ?? ''
  if (given === '') return { kind: 'bad-signature', problem: `the header ${name} is empty: give the webhook a secret` }
  const payload = readPayload(headers, body)
  return verifyHmac(name, given, payload.kind === 'body' ? Buffer.from(payload.value) : body, secrets)
}

/** Reads the headers and the event. `prefixes` are the beginnings of the names of the headers. */
export function readGitea(
  prefixes: readonly string[],
  headers: Headers,
  body: Uint8Array,
  readOne: (event: string, delivery: Delivery) => ForgeEvent | Malformed,
): ForgeEvent | Malformed {
  const id = readDeliveryId(headers, ...prefixes.map(prefix => `${prefix}-Delivery`))
  if (id.kind === 'malformed') return id
  const event = prefixes.map(prefix => header(headers, `${prefix}-Event`)).find(value => value !== undefined)
  if (!event) return malformed(`header ${prefixes[0]}-Event`, 'it is missing')
  return readOne(event, { deliveryId: id.value, headers, body })
}

export function readEvent(event: string, delivery: Delivery): ForgeEvent | Malformed {
  switch (event) {
    case 'push':
      return readPush(delivery)
    case 'pull_request':
    case 'pull_request_sync': // the name of the event in some releases
      return readPullRequest(delivery, { mergeRef: false })
    case 'release':
      return readRelease(delivery)
    case 'delete':
      return readDeleted(delivery)
    case 'ping': // the farm's own test
      return readOther(delivery, { kind: 'ping' })
    case 'create':
      return readOther(delivery, { kind: 'other', why: 'the event create repeats what the push event says' })
    default:
      return readOther(delivery, { kind: 'other', why: `the event ${word(event)} is not a push` })
  }
}

const Deleted = Type.Object({
  /** The short name. */
  ref: refName,
  ref_type: Type.Union([Type.Literal('branch'), Type.Literal('tag')]),
  repository: Repository,
})

/** Gitea and Gogs send no push for a deleted branch. */
export function readDeleted(delivery: Delivery): ForgeEvent | Malformed {
  const read = readDelivery(Deleted, delivery.headers, delivery.body)
  if (read.kind === 'malformed') return read
  const { ref, ref_type, repository } = read.value
  const change = { ref: fullName(ref, ref_type), before: null, after: null }
  return withRepository(delivery, repository, { kind: 'refs', changes: [change] })
}

export const fullName = (ref: string, type: 'branch' | 'tag'): string =>
  ref.startsWith('refs/') ? ref : `refs/${type === 'branch' ? 'heads' : 'tags'}/${ref}`
