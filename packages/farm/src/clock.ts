import { createHash, createHmac, randomBytes } from 'node:crypto'

export type Clock = () => Date
/** A new name that nobody can guess. */
export type Random = () => string

export const systemRandom: Random = () => randomBytes(24).toString('hex')

export const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
export const sign = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex')
/** Makes a secret in the format of Standard Webhooks. */
export const alertSecret = (secret: string, seed: string): string =>
  `whsec_${createHmac('sha256', secret).update(`alert ${seed}`).digest('base64')}`
export const later = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000)

/** The token of an invitation. The farm stores only the seed and the token's hash, and can compute the token again. */
export const invitationToken = (secret: string, seed: string): string =>
  `rfi-${sign(secret, `invitation ${seed}`).slice(0, 48)}`
