import type { GitRunner } from './git-runner.ts'
import { ObjectReader } from './object-reader.ts'

interface Kept {
  reader: Promise<ObjectReader>
  usedAt: number
}

export interface ReadersLimits {
  /** At most this many processes stay alive. A further mirror replaces the one that was unused for longest. */
  processesMax: number
  /** A process ends when nobody used it for this time. */
  idleMs: number
}

const defaultLimits: ReadersLimits = { processesMax: 16, idleMs: 600_000 }

/** The processes that read the mirrors: at most one for each mirror. */
export class ObjectReaders {
  readonly #git: GitRunner
  readonly #limits: ReadersLimits
  readonly #kept = new Map<string, Kept>()
  #timer: NodeJS.Timeout | undefined

  constructor(git: GitRunner, limits: Partial<ReadersLimits> = {}) {
    this.#git = git
    this.#limits = { ...defaultLimits, ...limits }
  }

  /** The process of this mirror. Starts it if it does not run. */
  async of(directory: string): Promise<ObjectReader> {
    const kept = this.#kept.get(directory)
    const reader = await kept?.reader
    if (kept && reader && !reader.isClosed) {
      kept.usedAt = Date.now()
      return reader
    }
    const shared = this.#kept.get(directory) // somebody else may have started it in the meantime
    if (shared && shared !== kept) return shared.reader
    const opening = ObjectReader.open(this.#git, directory)
    this.#kept.set(directory, { reader: opening, usedAt: Date.now() })
    this.#closeLongestUnused()
    this.#closeIdleLater()
    return opening
  }

  /** Ends the process of a mirror, for example because the mirror was created again. */
  close(directory: string): void {
    const kept = this.#kept.get(directory)
    this.#kept.delete(directory)
    kept?.reader.then(
      reader => reader.close(),
      () => undefined,
    )
  }

  #closeLongestUnused(): void {
    const byUse = [...this.#kept].sort(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [directory] of byUse.slice(0, Math.max(0, byUse.length - this.#limits.processesMax)))
      this.close(directory)
  }

  #closeIdleLater(): void {
    this.#timer ??= setInterval(() => {
      for (const [directory, { usedAt }] of this.#kept)
        if (Date.now() - usedAt >= this.#limits.idleMs) this.close(directory)
      if (this.#kept.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    }, this.#limits.idleMs / 2).unref()
  }
}
