import { namePattern } from '@rumpfarm/contracts'
import Type, { type Static } from 'typebox'
import { malformed } from './body.ts'
import { read, verify } from './delivery.ts'
import type { Headers, Malformed, RefChange } from './event.ts'

// The readers of /webhooks/github and /webhooks/generic, until these routes use `verify` and `read`.

export interface ForgePush {
  /** The forge's id of the delivery. A repeated delivery has the same id. */
  deliveryId: string
  /** All addresses of the repository in the delivery. Compare each address with sameRepository. */
  repositoryUrls: string[]
  branch: string
  commit: string
  /** The first line of the commit message, at most 500 characters. */
  subject: string | undefined
  author: string | undefined
}

export type GithubDelivery =
  | ({ kind: 'push' } & ForgePush)
  | { kind: 'ping'; deliveryId: string }
  | { kind: 'nothing-to-build'; deliveryId: string; why: string }
  | { kind: 'bad-signature'; problem: string }
  | Malformed

/** Verifies and reads a webhook of GitHub, or of a forge with the same format. */
export function readGithubDelivery(headers: Headers, body: Uint8Array, secrets: readonly string[]): GithubDelivery {
  const verified = verify('github', { headers, body, secrets, now: new Date() })
  if (verified.kind !== 'valid') return { kind: 'bad-signature', problem: verified.problem }
  const event = read('github', headers, body)
  if (event.kind === 'malformed' || event.kind === 'ping') return event
  const { deliveryId, repositoryUrls } = event
  const nothing = (why: string) => ({ kind: 'nothing-to-build' as const, deliveryId, why })
  if (event.kind === 'other') return nothing(event.why)
  const change = event.kind === 'refs' ? event.changes[0] : undefined
  if (!change) return nothing(`the event ${event.kind} is not a push`)
  return pushOf(change, deliveryId, repositoryUrls)
}

function pushOf(change: RefChange, deliveryId: string, repositoryUrls: string[]): GithubDelivery {
  const { ref, after, subject, author } = change
  const why = ref.startsWith('refs/heads/') ? `${ref} was deleted` : `${ref} is not a branch`
  if (!ref.startsWith('refs/heads/') || after === null) return { kind: 'nothing-to-build', deliveryId, why }
  const branch = ref.slice('refs/heads/'.length)
  return { kind: 'push', deliveryId, repositoryUrls, branch, commit: after, subject, author }
}

/** The body of the generic webhook. */
export const TriggerBody = Type.Object(
  {
    project: Type.String({ pattern: namePattern }),
    commit: Type.Optional(Type.String({ pattern: '^[0-9a-f]{7,64}$' })),
    branch: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '^(?!-)[^\\x00-\\x20\\x7f]+$' })),
  },
  { additionalProperties: false },
)
export type TriggerBody = Static<typeof TriggerBody>

export type StandardDelivery =
  | ({ kind: 'trigger'; deliveryId: string } & TriggerBody)
  | { kind: 'bad-signature'; problem: string }
  | { kind: 'stale'; problem: string }
  | Malformed

/** Verifies and reads a delivery in the format of Standard Webhooks. */
export function readStandardDelivery(headers: Headers, body: Uint8Array, secrets: readonly string[]): StandardDelivery {
  const verified = verify('generic', { headers, body, secrets, now: new Date() })
  if (verified.kind !== 'valid') return verified
  const event = read('generic', headers, body)
  if (event.kind === 'malformed') return event
  if (event.kind !== 'trigger' || event.project === undefined) return malformed('body', 'it lacks project')
  const { deliveryId, project, commit, branch } = event
  return { kind: 'trigger', deliveryId, project, ...(commit && { commit }), ...(branch && { branch }) }
}
