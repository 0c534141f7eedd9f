import { createPublicKey, type KeyObject, verify as verifyEd25519 } from 'node:crypto'
import Type, { type Static } from 'typebox'
import {
  firstLine,
  idOrNull,
  malformed,
  objectId,
  optionalText,
  orNull,
  readDelivery,
  refName,
  refsMax,
  word,
} from './body.ts'
import {
  type Forge,
  type ForgeEvent,
  type Headers,
  header,
  type Malformed,
  type ReadOptions,
  type RefChange,
  type Said,
  type Signed,
  type Verified,
} from './event.ts'
import { firstValid, publicKeyPrefix } from './hmac.ts'
import { missingSignature } from './recognise.ts'

/** The public key of sr.ht, as a secret of a project: https://man.sr.ht/api-conventions.md#webhook-signatures */
export const sourcehutKey = `${publicKeyPrefix}uX7KWyyDNMaBma4aVbJ/cbUQpdjqczuCyK/HxzV/u+4=`

/**
 * Webhooks of git.sr.ht in its GraphQL API: https://man.sr.ht/graphql.md. A signature shows only that the instance sent
 * the delivery. The person who made the webhook chooses the content, for any repository of this person. So git must
 * confirm everything.
 */
export const sourcehut: Forge = { verify, read }

/** The signature covers the body and then the nonce. The nonce has a fixed form, so that no byte can change sides. */
function verify({ headers, body, secrets }: Signed): Verified {
  const keys = secrets.flatMap((secret, index) => {
    const key = keyOf(secret)
    return key ? [{ index, secret: key }] : []
  })
  if (keys.length === 0)
    return { kind: 'bad-signature', problem: `the farm has no key of sourcehut: add ${sourcehutKey} to the secrets` }
  const missing = ['X-Payload-Signature', 'X-Payload-Nonce'].find(name => !header(headers, name))
  if (missing) return { kind: 'bad-signature', problem: missingSignature('sourcehut', missing, headers) }
  const nonce = header(headers, 'X-Payload-Nonce') ?? ''
  if (!/^[0-9a-f]{16,64}$/.test(nonce))
    return { kind: 'bad-signature', problem: 'the header X-Payload-Nonce is not 16 to 64 hexadecimal digits' }
  const signature = Buffer.from(header(headers, 'X-Payload-Signature') ?? '', 'base64')
  const bytes = Buffer.concat([body, Buffer.from(nonce)])
  return firstValid('X-Payload-Signature', keys, key => verifyEd25519(null, bytes, key, signature))
}

function keyOf(secret: string): KeyObject | undefined {
  if (!secret.startsWith(publicKeyPrefix)) return undefined
  const raw = Buffer.from(secret.slice(publicKeyPrefix.length), 'base64')
  if (raw.length !== 32) return undefined
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' })
}

/**
 * The query of the webhook, which chooses what the delivery contains. It asks for all refs, because sourcehut does not
 * name a new ref.
 */
export const sourcehutQuery =
  'query { webhook { uuid event date ... on GitEvent { repository { name owner { canonicalName } references { results { name target } } } updates { ref { name } old { id } new { id ... on Commit { message author { name } } } } } } }'

const Commit = Type.Object({
  id: objectId,
  message: optionalText,
  author: orNull(Type.Object({ name: optionalText })),
})
const Update = Type.Object({
  ref: orNull(Type.Object({ name: refName })),
  old: orNull(Type.Object({ id: objectId })),
  new: orNull(Commit),
})
type Update = Static<typeof Update>

const References = orNull(Type.Object({ results: Type.Array(Type.Object({ name: refName, target: Type.String() })) }))
const GitEvent = Type.Object({
  uuid: optionalText,
  event: Type.String(),
  repository: Type.Optional(
    Type.Object({
      name: Type.String({ pattern: '^[A-Za-z0-9._-]{1,256}$' }),
      owner: Type.Object({ canonicalName: Type.String({ pattern: '^~[A-Za-z0-9._-]{1,256}$' }) }),
      references: References,
    }),
  ),
  updates: Type.Optional(Type.Array(orNull(Update), { maxItems: refsMax })),
})
type GitEvent = Static<typeof GitEvent>
const Payload = Type.Object({ data: Type.Object({ webhook: GitEvent }) })

function read(
  headers: Headers,
  body: Uint8Array,
  { sourcehutHost = 'git.sr.ht' }: ReadOptions,
): ForgeEvent | Malformed {
  const read = readDelivery(Payload, headers, body)
  if (read.kind === 'malformed') return read
  const { webhook } = read.value.data
  // Both ids are a part of what the signature covers. The header X-Webhook-Delivery is not.
  const deliveryId = webhook.uuid ?? header(headers, 'X-Payload-Nonce') ?? ''
  if (!/^[A-Za-z0-9-]{1,100}$/.test(deliveryId)) return malformed('body.data.webhook.uuid', 'it is not an id')
  const repositoryUrls = urlsOf(webhook, sourcehutHost)
  if (webhook.event !== 'GIT_POST_RECEIVE') {
    const why = `the event ${word(webhook.event)} is not GIT_POST_RECEIVE`
    return { kind: 'other', why, deliveryId, repositoryUrls }
  }
  if (repositoryUrls.length === 0)
    return malformed('body.data.webhook', 'it lacks repository: the query of the webhook does not ask for it')
  return { ...changesOf(webhook), deliveryId, repositoryUrls }
}

function urlsOf({ repository }: GitEvent, host: string): string[] {
  if (!repository) return []
  const path = `${repository.owner.canonicalName}/${repository.name}`
  return [`https://${host}/${path}`, `git@${host}:${path}`]
}

function changesOf({ updates = [], repository }: GitEvent): Said {
  const references = repository?.references?.results ?? []
  const changes = updates.flatMap(update => (update ? changeOf(update, references) : []))
  if (changes.length > 0) return { kind: 'refs', changes }
  const why = 'sourcehut does not name a new or a deleted ref, and the query of the webhook does not ask for references'
  return { kind: 'other', why }
}

/** sourcehut names a ref only if it existed before and after the push. A new ref is one that points to the new object. */
function changeOf(update: Update, references: { name: string; target: string }[]): RefChange[] {
  const { old, new: now } = update
  const named = update.ref
    ? [update.ref.name]
    : references.filter(({ target }) => target === now?.id).map(({ name }) => name)
  return named.map(ref => ({
    ref,
    before: old?.id ?? null,
    after: idOrNull(now?.id),
    subject: firstLine(now?.message),
    author: firstLine(now?.author?.name),
  }))
}
