import type { Problem } from './remote-answers.ts'

/** Fetches of single commits. Simultaneous callers with the same key share one fetch. */
export class SharedFetches {
  readonly #running = new Map<string, Promise<Problem | undefined>>()

  /**
   * Runs `fetch`, or waits for the fetch of an earlier caller. If that one did not find the commit, this caller asks once
   * more, because the commit may have arrived after the start of the earlier fetch.
   */
  async run(key: string, fetch: () => Promise<Problem | undefined>): Promise<Problem | undefined> {
    const earlier = this.#running.get(key)
    const failure = await (earlier ?? this.#start(key, fetch))
    if (earlier === undefined || !failure?.absent) return failure
    return this.#running.get(key) ?? this.#start(key, fetch)
  }

  #start(key: string, fetch: () => Promise<Problem | undefined>): Promise<Problem | undefined> {
    const run = fetch().finally(() => this.#running.delete(key))
    this.#running.set(key, run)
    return run
  }
}
