import type { Clock } from './clock.ts'

/** What the clock of the database said, in milliseconds, and how long the answer took. */
export interface Measurement {
  database: number
  tookMs: number
}

export interface LocalClocks {
  /** Milliseconds since the epoch. Somebody can set this clock. */
  system(): number
  /** Milliseconds since an arbitrary time. Nobody can set this clock, but it may stand still while a machine sleeps. */
  monotonic(): number
}

const localClocks: LocalClocks = { system: () => Date.now(), monotonic: () => performance.now() }

/** A measurement that took longer says too little. */
const tookMsMax = 2_000
/** PostgreSQL and the package pg round times to milliseconds. */
const roundingMs = 5
/** If the two local clocks differ by more than this, somebody has set the clock, or the machine has slept. */
const jumpMs = 500

/**
 * The time of the farm: the time of the database. So the servers of a farm agree about leases, schedules and ages, even
 * if the clock of one server is wrong. Before the first measurement, it is the time of this machine.
 */
export class DatabaseClock {
  readonly #measure: () => Promise<number>
  readonly #local: LocalClocks
  #base: { database: number; system: number; monotonic: number } | undefined
  #running: Promise<void> | undefined

  constructor(measure: () => Promise<number>, local: LocalClocks = localClocks) {
    this.#measure = measure
    this.#local = local
  }

  readonly now: Clock = () => {
    const base = this.#base
    if (!base) return new Date(this.#local.system())
    const passed = this.#local.monotonic() - base.monotonic
    if (Math.abs(this.#local.system() - base.system - passed) > jumpMs) void this.measure().catch(() => {})
    return new Date(base.database + passed)
  }

  /** How far the clock of this machine is ahead of the database, in milliseconds; negative if it is behind. */
  get aheadMs(): number {
    return Math.round(this.#local.system() - this.now().getTime())
  }

  /** Compares the clocks. Call it every few seconds. Calls at the same time share one measurement. */
  measure(): Promise<void> {
    this.#running ??= this.#measureOnce().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #measureOnce(): Promise<void> {
    const [system, monotonic] = [this.#local.system(), this.#local.monotonic()]
    const database = await this.#measure()
    const tookMs = this.#local.monotonic() - monotonic
    if (tookMs > tookMsMax && this.#base) return
    // PostgreSQL read its clock at an unknown moment of `tookMs`. While the known time can be right, it stays, so that
    // the time of the farm has no steps. A right clock of this machine counts as exact.
    const fits = (atStart: number) => atStart >= database - tookMs - roundingMs && atStart <= database + roundingMs
    const known = this.#base && this.#base.database + monotonic - this.#base.monotonic
    if (known !== undefined && fits(known)) this.#base = { database: known, system, monotonic }
    else if (fits(system)) this.#base = { database: system, system, monotonic }
    else this.#base = { database: database - tookMs / 2, system, monotonic }
  }
}
