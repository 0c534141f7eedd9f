/** Remembers that something happened until somebody waits for it: no wake-up falls between two waits. */
export class Alarm {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Until it rings, the time is over, or the signal says that nobody waits any more. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        this.#rung = false
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      signal.addEventListener('abort', done, { once: true })
      this.#wake = done
      if (this.#rung || signal.aborted) done()
    })
  }
}
