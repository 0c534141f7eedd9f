/** A running part that must be stopped. */
export interface Part {
  name: string
  /** Stops the part, and lets the part complete its work. When `hurry` aborts, stops the part at once. */
  stop: (hurry: AbortSignal) => Promise<void>
}

export interface Shutdown {
  /** The part that was added last is stopped first. */
  add: (part: Part) => void
  /** Aborts when the shutdown begins. */
  signal: AbortSignal
  /** Stops every part, and then ends this process. */
  end: (exitCode: number) => Promise<never>
}

// The terminal and npm both send a signal for a Ctrl-C. So one key press arrives as two signals.
const duplicateMilliseconds = 500

export const openShutdown = (say: (line: string) => void): Shutdown => {
  const parts: Part[] = []
  const begun = new AbortController()
  const hurry = new AbortController()
  let ended: Promise<never> | undefined
  let firstSignalAt = 0

  const endAll = async (exitCode: number): Promise<never> => {
    begun.abort()
    for (let part = parts.pop(); part; part = parts.pop()) {
      await part.stop(hurry.signal)
      say(`${part.name} has stopped`)
    }
    process.exit(exitCode)
  }
  const end = (exitCode: number): Promise<never> => {
    ended ??= endAll(exitCode)
    return ended
  }
  const onSignal = () => {
    const again = Date.now() - firstSignalAt > duplicateMilliseconds
    if (!ended) {
      firstSignalAt = Date.now()
      say('\nstopping; press Ctrl-C again to stop at once')
      void end(0)
    } else if (again) hurry.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  return { add: part => parts.push(part), signal: begun.signal, end }
}
