import type { FastifyReply } from 'fastify'
import { Refusal } from '../../../http/problems.ts'

/** A server runs at most this many searches at the same time, because each can read 256 MB of the disk. */
export const searchesMax = 4
/** A search of 200 MB takes about half a second. */
const retryAfterSeconds = 2

/** Limits the searches in logs, for the pages and the API together. */
export class SearchLimit {
  readonly #max: number
  #running = 0

  constructor(max = searchesMax) {
    this.#max = max
  }

  get running(): number {
    return this.#running
  }

  /**
   * Runs a search. The signal of the search aborts if the client closes the connection before the answer. Throws a
   * refusal (429 with Retry-After) if too many searches run.
   */
  async run<Found>(
    { raw }: Pick<FastifyReply, 'raw'>,
    search: (signal: AbortSignal) => Promise<Found>,
  ): Promise<Found> {
    if (this.#running >= this.#max) {
      const detail = `the server already searches in ${this.#max} logs: try again in ${retryAfterSeconds} seconds`
      throw new Refusal('too-many-requests', detail, {}, retryAfterSeconds)
    }
    const gone = new AbortController()
    const abort = () => gone.abort()
    this.#running += 1
    raw.once('close', abort)
    try {
      return await search(gone.signal)
    } finally {
      raw.off('close', abort)
      this.#running -= 1
    }
  }
}

/** The searches of this process. */
export const logSearches = new SearchLimit()
