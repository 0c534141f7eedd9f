import { malformed, readDeliveryId, word } from './body.ts'
import {
  type Forge,
  type ForgeEvent,
  type Headers,
  header,
  type Malformed,
  type Signed,
  type Verified,
} from './event.ts'
import { type Delivery, readOther, readPullRequest, readPush, readRelease } from './github-format.ts'
import { noSecret, sharedSecrets, verifyHmac } from './hmac.ts'
import { missingSignature } from './recognise.ts'

const signature = 'X-Hub-Signature-256'

/** GitHub and GitHub Enterprise Server: https://docs.github.com/en/webhooks/webhook-events-and-payloads */
export const github: Forge = { verify, read }

function verify({ headers, body, secrets }: Signed): Verified {
  if (sharedSecrets(secrets).length === 0) return noSecret
  const value = header(headers, signature)
  if (!value) return { kind: 'bad-signature', problem: missingSignature('github', signature, headers) }
  if (!value.startsWith('sha256='))
    return { kind: 'bad-signature', problem: `the header ${signature} is not sha256= and 64 hexadecimal digits` }
  return verifyHmac(signature, value.slice('sha256='.length), body, secrets)
}

function read(headers: Headers, body: Uint8Array): ForgeEvent | Malformed {
  const id = readDeliveryId(headers, 'X-GitHub-Delivery')
  if (id.kind === 'malformed') return id
  const event = header(headers, 'X-GitHub-Event') ?? ''
  if (event === '') return malformed('header X-GitHub-Event', 'it is missing')
  return readEvent(event, { deliveryId: id.value, headers, body })
}

function readEvent(event: string, delivery: Delivery): ForgeEvent | Malformed {
  switch (event) {
    case 'push':
      return readPush(delivery)
    case 'pull_request':
      return readPullRequest(delivery, { mergeRef: true })
    case 'release':
      return readRelease(delivery)
    case 'ping':
      return readOther(delivery, { kind: 'ping' })
    case 'create':
    case 'delete':
      return readOther(delivery, { kind: 'other', why: `the event ${event} repeats what the push event says` })
    default:
      return readOther(delivery, { kind: 'other', why: `the event ${word(event)} is not a push` })
  }
}
