import type { Headers } from '@rumpfarm/connectors'
import { cut } from '@rumpfarm/contracts'

/** The farm stores the first 64 KiB of a body. A push of thousands of commits has megabytes. */
export const bodyBytesKept = 65_536
const headerLengthMax = 500

/** The headers that say something about a delivery. The farm stores no others, because they can be secrets. */
const kept =
  /^(content-type|content-length|content-encoding|user-agent|date|webhook-(id|timestamp)|x-(github|gitlab|gitea|forgejo|gogs|hook|event|request|attempt|bitbucket|payload)(-[a-z0-9-]+)?)$/
/** Headers that prove who sent the delivery. The farm stores only that they came. */
const proofs = /(signature|token|secret|authorization)/

/** The headers of a delivery for the page of deliveries, without secrets. */
export function keptHeaders(headers: Headers, secrets: readonly string[]): Record<string, string> {
  const shown = Object.entries(headers).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return []
    const text = [value].flat().join(', ')
    if (proofs.test(name)) return isSenders(name) ? [[name, `(${text.length} characters, not stored)`]] : []
    return kept.test(name) ? [[name, cut(withoutSecrets(text, secrets), headerLengthMax)]] : []
  })
  return Object.fromEntries(shown)
}

const isSenders = (name: string) => name.startsWith('x-') || name === 'webhook-signature'

/** The beginning of a body as text, without secrets. The body of a form is its JSON. */
export function keptBody(contentType: string, body: Uint8Array, secrets: readonly string[]): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, bodyBytesKept)).toString('utf8')
  const isForm = contentType.startsWith('application/x-www-form-urlencoded')
  const text = isForm ? (new URLSearchParams(bytes).get('payload') ?? bytes) : bytes
  return withoutSecrets(text, secrets)
    .replace(/("[a-z_-]{0,40}(?:secret|token|password)"\s*:\s*)"[^"]*"?/gi, '$1"***"')
    .replace(/(\w:\/\/)[^/\s"'@]+@/g, '$1***@')
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}
