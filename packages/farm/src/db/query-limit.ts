/** Thrown for a query that could not start, because too many queries of its kind ran or waited. */
export class NoTurn extends Error {
  /** True if queries of the same client are the cause. Then queries of other clients can start. */
  readonly own: boolean

  constructor(message: string, own: boolean) {
    super(message)
    this.own = own
  }
}

export interface TurnLimits {
  /** At most this many queries run at the same time. */
  atOnce: number
  /** At most this many queries of one client run at the same time. */
  perClient: number
  /** The longest wait, in milliseconds. */
  waitMs: number
  /** At most this many queries wait. */
  waitingMax: number
  /** At most this many queries of one client wait. */
  waitingPerClient: number
}

/** One client may use two thirds of the turns. So another client finds a free turn, or receives the next free turn. */
export const perClientOf = (atOnce: number): number => Math.max(1, Math.floor((atOnce * 2) / 3))

/** Bounds the memory that waiting queries use. A page starts at most about ten queries at the same time. */
const usualWaiting = { waitingMax: 500, waitingPerClient: 100 }

export const fairLimits = (atOnce: number, waitMs: number): TurnLimits => ({
  ...{ atOnce, perClient: perClientOf(atOnce), waitMs },
  ...usualWaiting,
})

interface Client {
  running: number
  waiting: (() => void)[]
}

/** Whose query wants a turn. */
export interface Turn {
  client: string
  /** The longest wait, if it is shorter than the limit. */
  waitMs?: number | undefined
  /** When the signal is aborted, the query no longer waits. */
  signal?: AbortSignal | undefined
}

/** Lets a bounded number of queries run. Clients that wait receive turns alternately, each in the order of its queries. */
export class Turns {
  readonly #limits: TurnLimits
  /** The clients with queries. The client whose turn is next comes first. */
  readonly #clients = new Map<string, Client>()
  #running = 0
  #waiting = 0

  constructor(limits: TurnLimits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Resolves when the query may run. The caller must call the result when the query has ended. Rejects with `NoTurn`. */
  async begin({ client: name, waitMs = this.#limits.waitMs, signal }: Turn): Promise<() => void> {
    const client = this.#clientOf(name)
    if (this.#mayRun(client)) this.#start(client)
    else await this.#wait(name, client, Math.min(waitMs, this.#limits.waitMs), signal)
    return () => {
      client.running--
      this.#running--
      this.#forget(name, client)
      this.#startNext()
    }
  }

  #clientOf(name: string): Client {
    const known = this.#clients.get(name)
    if (known) return known
    const client = { running: 0, waiting: [] }
    this.#clients.set(name, client)
    return client
  }

  #mayRun({ running }: Client): boolean {
    return this.#running < this.#limits.atOnce && running < this.#limits.perClient
  }

  #start(client: Client): void {
    client.running++
    this.#running++
  }

  #wait(name: string, client: Client, waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { atOnce, perClient, waitingMax, waitingPerClient } = this.#limits
    const own = client.running >= perClient
    const ran = `${own ? `${client.running} queries of this client` : `${atOnce} queries of this kind`} are running`
    if (client.waiting.length >= waitingPerClient)
      throw new NoTurn(`${ran}, and ${waitingPerClient} more of this client wait`, true)
    if (this.#waiting >= waitingMax) throw new NoTurn(`${ran}, and ${waitingMax} more wait`, own)
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(late)
        signal?.removeEventListener('abort', gone)
        this.#waiting--
      }
      const giveUp = (error: Error) => {
        client.waiting.splice(client.waiting.indexOf(begin), 1)
        leave()
        this.#forget(name, client)
        reject(error)
      }
      const late = setTimeout(
        () => giveUp(new NoTurn(`${ran}, and none of them ended within ${waitMs} ms`, client.running >= perClient)),
        waitMs,
      )
      const gone = () => giveUp(signal?.reason)
      signal?.addEventListener('abort', gone)
      const begin = () => {
        leave()
        resolve()
      }
      client.waiting.push(begin)
      this.#waiting++
    })
  }

  #forget(name: string, { running, waiting }: Client): void {
    if (running + waiting.length === 0) this.#clients.delete(name)
  }

  /** Starts the next query of the first client that waits and may run. This client then comes last. */
  #startNext(): void {
    for (const [name, client] of this.#clients) {
      if (client.waiting.length === 0 || !this.#mayRun(client)) continue
      this.#clients.delete(name)
      this.#clients.set(name, client)
      this.#start(client)
      client.waiting.shift()?.()
      return
    }
  }
}
