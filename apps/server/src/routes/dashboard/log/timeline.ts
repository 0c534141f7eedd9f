import type { LogTime } from '@rumpfarm/farm'
import { moment } from '../components/times.ts'

/** When the lines of a log arrived at the farm. */
export class Timeline {
  readonly #times: readonly LogTime[]
  readonly #startedAt: number
  /** The time that the page showed last. */
  #shown: LogTime | undefined

  constructor(times: readonly LogTime[], startedAt: Date | null) {
    this.#times = times
    this.#startedAt = startedAt?.getTime() ?? times[0]?.at ?? 0
  }

  get isKnown(): boolean {
    return this.#times.length > 0
  }

  /**
   * The time of the line that ends before the byte `end`, as HTML. Undefined if an earlier line has the same time. A
   * line arrived with its last byte.
   */
  startOf(end: number): string | undefined {
    const time = this.#at(end - 1)
    if (time === undefined || time === this.#shown) return undefined
    this.#shown = time
    return timeHtml(time.at, this.#startedAt)
  }

  /** When the line that ends before the byte `end` arrived; undefined if the farm does not know it. */
  timeOf(end: number): Date | undefined {
    const time = this.#at(end - 1)
    return time && new Date(time.at)
  }

  #at(offset: number): LogTime | undefined {
    let [low, high] = [0, this.#times.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#times[middle] as LogTime).offset <= offset) low = middle + 1
      else high = middle
    }
    return this.#times[low - 1]
  }
}

/** The time since the start of the job: `0:07`, `12:45`, `3:02:45`. */
export function timeHtml(at: number, startedAt: number): string {
  const date = new Date(at)
  return `<time datetime="${date.toISOString()}" title="${moment(date)}">${clock(at - startedAt)}</time> `
}

function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, index) => (index === 0 ? part : String(part).padStart(2, '0'))).join(':')
}
