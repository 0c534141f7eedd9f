import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Verified } from './event.ts'

/** The secrets that are public keys. Everybody knows them, so they are never the key of an HMAC or a token. */
export const publicKeyPrefix = 'ed25519:'

export const noSecret: Verified = { kind: 'bad-signature', problem: 'the farm has no secret for this webhook' }

/** Returns the secrets that only the farm and the forge know, with their indexes. */
export const sharedSecrets = (secrets: readonly string[]): { index: number; secret: string }[] =>
  secrets.flatMap((secret, index) => (secret === '' || secret.startsWith(publicKeyPrefix) ? [] : [{ index, secret }]))

/** Verifies an HMAC with SHA-256 in hexadecimal digits. `name` is the header, for the message. */
export function verifyHmac(name: string, given: string, bytes: Uint8Array, secrets: readonly string[]): Verified {
  const digest = /^[0-9a-f]{64}$/i.test(given) ? Buffer.from(given, 'hex') : undefined
  const usable = sharedSecrets(secrets)
  if (usable.length === 0) return noSecret
  if (!digest) return { kind: 'bad-signature', problem: `the header ${name} is not 64 hexadecimal digits` }
  return firstValid(name, usable, secret =>
    timingSafeEqual(digest, createHmac('sha256', secret).update(bytes).digest()),
  )
}

/** Verifies a token that comes as it is. The digests have equal lengths, so the time does not depend on the token. */
export function verifyToken(name: string, given: string, secrets: readonly string[]): Verified {
  const usable = sharedSecrets(secrets)
  if (usable.length === 0) return noSecret
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return firstValid(name, usable, secret => timingSafeEqual(digest(given), digest(secret)))
}

/** Compares all secrets, so that the time does not say which of them is valid. */
export function firstValid<Secret>(
  name: string,
  secrets: { index: number; secret: Secret }[],
  isValid: (secret: Secret) => boolean,
): Verified {
  const valid = secrets.filter(({ secret }) => isValid(secret))[0]
  if (valid) return { kind: 'valid', secret: valid.index }
  return { kind: 'bad-signature', problem: `${name} does not match: the webhook's secret is not the farm's` }
}
