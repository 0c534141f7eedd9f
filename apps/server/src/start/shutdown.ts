/** Something that runs and has to be ended. */
export interface Part {
  name: string
  /** Ends it in order; at once when `hasten` says so. */
  stop: (hasten: AbortSignal) => Promise<void>
}

export interface Ending {
  /** What was added last is ended first. */
  add: (part: Part) => void
  /** Aborted as soon as the end begins. */
  begun: AbortSignal
  /** Ends everything, and then this process. */
  end: (exitCode: number) => Promise<never>
}

// npm passes a terminal's Ctrl-C on to us, who had it already: one key press arrives as two signals.
const echoMilliseconds = 500

export const openEnding = (say: (line: string) => void): Ending => {
  const services: Part[] = []
  const begun = new AbortController()
  const hasten = new AbortController()
  let ended: Promise<never> | undefined
  let asked = 0

  const endAll = async (exitCode: number): Promise<never> => {
    begun.abort()
    for (let part = services.pop(); part; part = services.pop()) {
      await part.stop(hasten.signal)
      say(`${part.name} has stopped`)
    }
    process.exit(exitCode)
  }
  const end = (exitCode: number): Promise<never> => {
    ended ??= endAll(exitCode)
    return ended
  }
  const onSignal = () => {
    const again = Date.now() - asked > echoMilliseconds
    if (!ended) {
      asked = Date.now()
      say('\nending in order; once more Ctrl-C ends at once')
      void end(0)
    } else if (again) hasten.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  return { add: part => services.push(part), begun: begun.signal, end }
}
