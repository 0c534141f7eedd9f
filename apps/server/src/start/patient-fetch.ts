import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A `fetch` that repeats a read while no server answers or the server is still starting, until `ended` aborts. It does
 * not repeat requests that change something.
 */
export const patientFetch =
  (ended: AbortSignal) =>
  async (request: Request): Promise<Response> => {
    for (;;) {
      const last = request.method !== 'GET' || ended.aborted
      const answer = await fetch(request).catch((error: Error) => {
        if (last) throw error
      })
      if (answer && (last || answer.status !== 503)) return answer
      await sleep(500, undefined, { signal: ended }).catch(() => {})
    }
  }
