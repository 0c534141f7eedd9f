/** Keeps a wake-up until the next wait, so that no wake-up is lost between two waits. */
export class WakeUp {
  #pending = false
  #resolve: (() => void) | undefined

  wake(): void {
    this.#pending = true
    this.#resolve?.()
  }

  /** Resolves after a wake-up, after the time, or when the signal aborts. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#resolve = undefined
        this.#pending = false
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      signal.addEventListener('abort', done, { once: true })
      this.#resolve = done
      if (this.#pending || signal.aborted) done()
    })
  }
}
