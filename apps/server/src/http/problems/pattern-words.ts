import { api, WrittenKeep } from '@rumpfarm/contracts'
import type { TSchema } from 'typebox'

const keepTimes: (TSchema & { pattern?: string; description?: string })[] = Object.values(WrittenKeep.properties)

/** What a value must be that does not match a pattern of the API, for readers who do not know regular expressions. */
const words = new Map<unknown, string>([
  [api.namePattern, 'a name: 1 to 63 characters of A-Z a-z 0-9 . _ -; the first is a letter or digit'],
  ['^([0-9a-f]{40}|[0-9a-f]{64})$', 'a full commit id: 40 or 64 characters of 0-9 a-f'],
  ['^[0-9a-f]{64}$', 'a SHA-256: 64 characters of 0-9 a-f'],
  ['^[0-9a-f]{32}$', 'a fingerprint: 32 characters of 0-9 a-f'],
  ['^https?://[^\\s]+$', 'an address that begins with http:// or https://'],
  ['^[1-9][0-9]{0,9}(\\.[1-9][0-9]{0,9})?$', 'a job or an attempt, such as 12 or 12.1'],
  ...keepTimes.map(({ pattern, description = '' }) => [pattern, description] as const),
])

export const patternWords = (pattern: string | RegExp): string | undefined =>
  words.get(typeof pattern === 'string' ? pattern : pattern.source)
