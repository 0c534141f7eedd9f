import { expect, test } from 'vitest'
import { limitedSeconds } from './rate-limit.ts'

const now = new Date('2026-01-01T00:00:00Z')
const seconds = now.getTime() / 1000
const secondary = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'

test.each<[string, number, Record<string, string>, string, number | undefined]>([
  [
    'a permission is missing',
    403,
    { 'x-ratelimit-remaining': '4999' },
    'Resource not accessible by integration',
    undefined,
  ],
  ['403 without headers', 403, {}, 'Must have admin rights to Repository.', undefined],
  [
    'not found',
    404,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds + 50) },
    'Not Found',
    undefined,
  ],
  [
    'the primary limit of GitHub',
    403,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds + 1800) },
    'API rate limit exceeded',
    1800,
  ],
  ['the primary limit as 429', 429, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds + 7) }, '', 7],
  ['a secondary limit with Retry-After', 403, { 'retry-after': '30', 'x-ratelimit-remaining': '4000' }, secondary, 30],
  ['a secondary limit without headers', 403, {}, secondary, 60],
  [
    'a secondary limit that does not name the reset',
    403,
    { 'x-ratelimit-remaining': '4000', 'x-ratelimit-reset': String(seconds + 9) },
    secondary,
    60,
  ],
  ['an old secondary limit', 403, {}, 'You have triggered an abuse detection mechanism.', 60],
  [
    'GitLab',
    429,
    { 'retry-after': '17', 'ratelimit-remaining': '0', 'ratelimit-reset': String(seconds + 17) },
    'Retry later',
    17,
  ],
  ['a proxy that sends seconds', 429, { 'ratelimit-reset': '12' }, '', 12],
  ['429 without headers', 429, {}, '', 60],
  ['a date', 429, { 'retry-after': 'Thu, 01 Jan 2026 00:00:45 GMT' }, '', 45],
  ['a date in the past', 429, { 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, '', 1],
  ['a broken header', 429, { 'retry-after': 'soon' }, '', 60],
  ['a year', 429, { 'retry-after': '31536000' }, '', 3600],
  ['maintenance', 503, { 'retry-after': '120' }, '', 120],
  ['an error', 503, {}, '', undefined],
  ['success', 201, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds + 50) }, '', undefined],
])('rate limit: %s', (_name, status, headers, message, expected) => {
  expect(limitedSeconds({ status, header: name => headers[name], message }, now)).toBe(expected)
})
