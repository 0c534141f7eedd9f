/** If a forge does not say how long to wait, GitHub asks for at least one minute. */
const secondsDefault = 60
/** The windows of the forges are at most one hour long. A longer answer is a mistake of the forge or of its clock. */
const secondsMax = 3600

interface Answer {
  status: number
  header(name: string): string | undefined
  /** The text of the answer's body. */
  message: string
}

/**
 * For how many seconds the forge accepts no further request; undefined if the answer names no rate limit. GitHub uses
 * 403 both for a rate limit and for a missing permission:
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function limitedSeconds({ status, header, message }: Answer, now: Date): number | undefined {
  const asked = retryAfter(header('retry-after'), now)
  const isUsedUp = remaining(header) === '0'
  const isLimit =
    status === 429 ||
    (status === 503 && asked !== undefined) ||
    (status === 403 && (asked !== undefined || isUsedUp || /rate limit|abuse detection/i.test(message)))
  if (!isLimit) return undefined
  const seconds = asked ?? (isUsedUp || status === 429 ? resetSeconds(header, now) : undefined) ?? secondsDefault
  return Math.min(Math.max(Math.ceil(seconds), 1), secondsMax)
}

const remaining = (header: Answer['header']) => header('x-ratelimit-remaining') ?? header('ratelimit-remaining')

/** A number of seconds, or a date (RFC 9110, 10.2.3). */
function retryAfter(text: string | undefined, now: Date): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text.trim())) return Number(text)
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : (at - now.getTime()) / 1000
}

/** GitHub and GitLab send the time of the reset in seconds since 1970; some proxies send the seconds until the reset. */
function resetSeconds(header: Answer['header'], now: Date): number | undefined {
  const text = header('x-ratelimit-reset') ?? header('ratelimit-reset')
  if (text === undefined || !/^\d{1,12}$/.test(text.trim())) return undefined
  const value = Number(text)
  return value > 1_000_000_000 ? value - now.getTime() / 1000 : value
}
