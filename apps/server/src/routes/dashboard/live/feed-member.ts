import type { AttemptId } from '@rumpfarm/contracts'
import type { LogPosition } from '../log/window.ts'
import type { LogCursor } from './log-cursor.tsx'
import { encodeEvents, type ServerEvent } from './server-event.ts'
import type { EventStream } from './stream.ts'

export interface FollowedAttempt {
  publicPath: string
  attempt: AttemptId
  position: LogPosition
  /** Whether the page shows times. */
  times?: boolean
  /** The number of the log on its connection. It begins the ids of the log's events. */
  number?: number
}

/** Returns the bytes of events for pages of which this is the log with this number. */
export type SharedEvents = (number: number) => Buffer

/** Encodes the events once for each number of a log on its connection. In most cases, each connection has one log. */
export function sharedEvents(events: readonly ServerEvent[]): SharedEvents {
  const encoded = new Map<number, Buffer>()
  return number => {
    const known = encoded.get(number)
    if (known) return known
    const numbered = events.map(event => ({
      ...event,
      id: event.id === undefined ? `${number}` : `${number}:${event.id}`,
    }))
    const bytes = encodeEvents(numbered)
    encoded.set(number, bytes)
    return bytes
  }
}

/** A page that follows an attempt. */
export class Member {
  readonly stream: EventStream
  readonly followed: FollowedAttempt
  /** Resolves when the page no longer follows the attempt. */
  readonly left: Promise<void>
  leave: () => void = () => {}
  fail: (error: unknown) => void = () => {}
  /** Undefined while the page waits until it has received everything. */
  cursor: LogCursor | undefined
  /** The newest state of the job that the page has. */
  state = ''
  #waits = false

  constructor(stream: EventStream, followed: FollowedAttempt) {
    this.stream = stream
    this.followed = followed
    this.left = new Promise((resolve, reject) => {
      this.leave = resolve
      this.fail = reject
    })
  }

  get canReceive(): boolean {
    return this.cursor !== undefined && !this.stream.isBehind
  }

  /** Calls `then` once when the page has received everything, even if this function was called several times. */
  onceDrained(then: () => void): void {
    if (this.#waits) return
    this.#waits = true
    void this.stream.drained().then(() => {
      this.#waits = false
      then()
    })
  }

  send(events: SharedEvents): void {
    this.stream.write(events(this.followed.number ?? 0))
  }
}
