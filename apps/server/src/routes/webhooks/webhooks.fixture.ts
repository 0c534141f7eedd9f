// Signed webhooks, as GitHub and other programs send them.
import { createHmac } from 'node:crypto'
import type { TestServer } from '../../server.fixture.ts'

/** The body of a push of GitHub. */
export const pushOf = (server: TestServer, after: string, changes: object = {}) => ({
  ref: 'refs/heads/main',
  before: '0'.repeat(40),
  after,
  deleted: false,
  repository: { clone_url: server.repository.directory },
  head_commit: { message: 'A hint\n\nof the forge.', author: { name: 'Somebody' } },
  ...changes,
})

export interface Delivery {
  id?: string
  event?: string
  type?: string
  signature?: string | undefined
  secret?: string
  path?: string
}

/** Sends a webhook of GitHub. */
export function deliver(
  server: TestServer,
  body: unknown,
  { id = 'd1', event = 'push', type = 'application/json', path = '/webhooks/github', ...given }: Delivery = {},
) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const secret = given.secret ?? server.config.secrets.githubWebhooks[0]
  const good = `sha256=${createHmac('sha256', secret).update(payload).digest('hex')}`
  const signature = 'signature' in given ? given.signature : good
  const headers = { 'content-type': type, 'x-github-event': event, 'x-github-delivery': id }
  const signed = signature === undefined ? {} : { 'x-hub-signature-256': signature }
  return server.ask({ method: 'POST', url: path, payload, headers: { ...headers, ...signed } })
}

/** Sends a webhook of GitHub, and waits until the farm has handled it. */
export async function handle(server: TestServer, body: unknown, delivery: Delivery = {}) {
  const answer = await deliver(server, body, delivery)
  const id: number | undefined = answer.json().delivery?.id
  if (id === undefined) throw new Error(`${answer.statusCode}: ${answer.body}`)
  return server.handled(id)
}

export interface Signing {
  id?: string
  at?: number
  secret?: string
}

/** Sends a webhook in the format of Standard Webhooks. */
export function send(
  server: TestServer,
  body: unknown,
  { id = 'm1', at = Date.now(), secret = server.config.secrets.webhooks[0] }: Signing = {},
) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const seconds = String(Math.floor(at / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${payload}`).digest('base64')
  const headers = { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` }
  const type = { 'content-type': 'application/json' }
  return server.ask({ method: 'POST', url: '/webhooks/generic', payload, headers: { ...type, ...headers } })
}
