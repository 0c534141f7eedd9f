/** A text is sent at least this long after the previous one. A text after a pause is sent at once. */
const everyMs = 5
/** At most this many messages wait. If there are more, the server drops all of them. */
const pendingMax = 10_000

export interface Batching {
  /** At most this many bytes of lines go into one text. */
  bytesMax: number
  send(lines: string): Promise<unknown>
  /** Messages were lost. */
  onLoss?(): void
}

/**
 * Sends one text at a time. The messages that arrive meanwhile form the next text, without duplicates. A trivial job
 * causes seven messages, so without batches a busy farm would send seven texts for each job, which each other server reads.
 */
export function batches({ bytesMax, send, onLoss = () => {} }: Batching) {
  const pending = new Set<string>()
  let sending = false
  const sendAll = async () => {
    sending = true
    while (pending.size > 0) {
      const sent = send(take(pending, bytesMax)).catch(onLoss) // a lost wake-up costs a few seconds
      await Promise.all([sent, new Promise(resolve => setTimeout(resolve, everyMs))])
    }
    sending = false
  }
  return {
    add(line: string) {
      if (pending.size >= pendingMax) {
        pending.clear()
        onLoss()
      }
      pending.add(line)
      if (!sending) void sendAll()
    },
  }
}

/** Removes the first lines that fit, at least one, and returns them. */
function take(pending: Set<string>, bytesMax: number): string {
  const lines: string[] = []
  let bytes = 0
  for (const line of pending) {
    bytes += Buffer.byteLength(line) + 1
    if (lines.length > 0 && bytes > bytesMax) break
    lines.push(line)
    pending.delete(line)
  }
  return lines.join('\n')
}
