export interface ServerEvent {
  event: string
  data: string
  /** The number of the log, and the position from which the browser continues after a lost connection. */
  id?: string
}

/** The bytes of these events on the wire. */
export const encodeEvents = (events: readonly ServerEvent[]): Buffer => Buffer.from(events.map(serialized).join(''))

const serialized = ({ event, data, id }: ServerEvent): string => {
  const lines = data.split('\n').map(line => `data: ${line}\n`)
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\n${lines.join('')}\n`
}
