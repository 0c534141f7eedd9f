import type { Logger } from 'pino'

interface Part {
  close(): unknown
}

/** The opened parts of a server. The part that was added last closes first. */
export function openedParts(log: Logger) {
  const parts: Part[] = []
  return {
    add<P extends Part>(part: P): P {
      parts.push(part)
      return part
    },
    async close(): Promise<void> {
      for (let part = parts.pop(); part; part = parts.pop()) {
        try {
          await part.close()
        } catch (error) {
          log.warn({ err: error }, 'a part of the server failed to close')
        }
      }
    },
  }
}
