import { batches } from './batches.ts'

/** Carries texts between the servers of a farm. A text can be lost. */
export interface Wire {
  /** At most this many bytes fit in a text. */
  bytesMax: number
  /** Rejects if the text could not be sent. */
  send(text: string): Promise<unknown>
  close(): Promise<void>
}

export interface WireEvents {
  /** A text of any server arrived, also of this one. */
  received(text: string): void
  /** The wire is usable, for the first time or again. */
  ready(): void
}

export type OpenWire = (events: WireEvents) => Wire

/** Each server sends a text at least this often, so that the others know that they hear it. */
const helloMs = 2_000
/** A server that was not heard for this time has probably ended. */
const heardMs = 10_000

/**
 * The other servers on the wire. A text is the name of the sender and then one line for each message. While no other
 * server is heard, messages are not sent: a farm of one server needs no wire. A server that starts says hello, and the
 * others answer, so the first messages after its start are not lost. When a server is heard again after messages may have
 * been lost, in any direction, `afterGap` is delivered: this topic makes up for all of them.
 */
export function peers(
  self: string,
  openWire: OpenWire,
  afterGap: string,
  deliver: (topic: string, message: string) => void,
) {
  let isGap = false
  const onLoss = () => {
    isGap = true
  }
  const heard = new Map<string, number>()
  const isHeard = (at: number | undefined) => at !== undefined && performance.now() - at < heardMs
  const hello = () => {
    const text = isGap ? `${self}\n${afterGap}\t` : self
    isGap = false
    wire.send(text).catch(() => {
      isGap ||= text !== self
    })
  }
  const received = (text: string) => {
    const [from = '', ...messages] = text.split('\n')
    if (from === self) return
    const isNew = !isHeard(heard.get(from))
    heard.set(from, performance.now())
    if (isNew) {
      hello()
      deliver(afterGap, '')
    }
    for (const each of messages) {
      const [topic = '', message = ''] = each.split('\t')
      deliver(topic, message)
    }
  }
  const ready = () => {
    hello()
    deliver(afterGap, '')
  }
  const wire = openWire({ received, ready })
  const queue = batches({
    bytesMax: wire.bytesMax - Buffer.byteLength(self) - 1,
    send: lines => wire.send(`${self}\n${lines}`),
    onLoss,
  })
  const timer = setInterval(() => {
    for (const [server, at] of heard) if (!isHeard(at)) heard.delete(server)
    hello()
  }, helloMs)
  return {
    send(topic: string, message: string) {
      if (heard.size > 0) queue.add(`${topic}\t${message}`)
    },
    hears: (server: string) => isHeard(heard.get(server)),
    async close() {
      clearInterval(timer)
      await wire.close()
    },
  }
}
