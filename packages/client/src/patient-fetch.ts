import { setTimeout as sleep } from 'node:timers/promises'

const waitSecondsDefault = 5
const waitSecondsMax = 30

/**
 * Like `fetch`, but repeats a GET after 429 or 503, when the farm has too many requests or its database is slow. Waits as
 * long as the answer says in `Retry-After`, at most 30 s, and repeats the request at most `repeats` times. Then the
 * caller receives the last answer. Requests that change something are sent once.
 */
export function patientFetch({ repeats = 3 }: { repeats?: number } = {}): (request: Request) => Promise<Response> {
  return async request => {
    for (let left = request.method === 'GET' ? repeats : 0; ; left--) {
      const answer = await fetch(request)
      if (left === 0 || (answer.status !== 429 && answer.status !== 503)) return answer
      await answer.body?.cancel()
      await sleep(waitSeconds(answer) * 1000, undefined, { signal: request.signal })
    }
  }
}

/** `Retry-After` can also be a date. The farm sends seconds. */
function waitSeconds({ headers }: Response): number {
  const given = headers.get('retry-after') ?? ''
  return /^\d{1,6}$/.test(given) ? Math.min(Number(given), waitSecondsMax) : waitSecondsDefault
}
