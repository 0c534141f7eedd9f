// All pages of a browser share one connection, because a browser opens at most six connections to a server (HTTP/1.1).
// This script runs in a shared worker, or in the page if the browser has no shared workers.

/** The server sends an event every 15 s. If no event arrives in `silentMs`, the connection counts as lost. */
const silentMs = 40_000
/**
 * The connection changes this long after a page has opened or left, because a click on a link makes one page leave and
 * another page open.
 */
const settleMs = 50
const retryMs = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000]
const kinds = ['changed', 'state', 'section', 'log', 'finished', 'reload']

export class Connection {
  /** The request of each page: { id, events, since } or { id, events, log, position }. */
  #pages = new Map()
  #source
  #openTimer
  #silenceTimer
  #receivedAt = 0
  #lostSince = null
  #failures = 0

  /** Adds a page by its message port. The page sends its request, and sends null when nobody sees the page any more. */
  add(port) {
    port.onmessage = ({ data }) => this.#follow(port, data)
  }

  #follow(port, page) {
    const known = this.#pages.get(port)
    if (page) this.#pages.set(port, page)
    else this.#pages.delete(port)
    if (known && page && known.log === page.log && known.id === page.id) return // the page was only rendered again
    if (page) this.#send(port, { lost: this.#lostSince })
    this.#openAfter(settleMs)
  }

  #openAfter(ms) {
    clearTimeout(this.#openTimer)
    this.#openTimer = setTimeout(() => this.#open(), ms)
  }

  #open() {
    this.#source?.close()
    clearTimeout(this.#silenceTimer)
    if (this.#pages.size === 0) {
      this.#receivedAt = this.#failures = 0
      this.#lostSince = null
      return
    }
    const ports = [...this.#pages].filter(([, { log }]) => log).map(([port]) => port)
    const source = new EventSource(this.#address(ports))
    this.#source = source
    this.#expectEvent()
    // If the response is not an event stream (503, 429, a proxy's page), the browser also calls `onerror`.
    source.onerror = () => this.#lose(Date.now())
    source.onopen = () => this.#receive()
    source.addEventListener('alive', () => this.#receive())
    for (const kind of kinds)
      source.addEventListener(kind, ({ data, lastEventId }) => {
        this.#receive()
        if (kind === 'changed') this.#sendChanged()
        else this.#sendOfLog(ports, kind, data, lastEventId)
      })
  }

  #address(ports) {
    const pages = [...this.#pages.values()]
    const query = new URLSearchParams()
    const renderedAt = pages.filter(({ since }) => since).map(({ since }) => Number(since))
    if (renderedAt.length > 0) query.append('since', Math.min(...renderedAt))
    for (const port of ports) {
      const { log, position } = this.#pages.get(port)
      query.append('log', `${log}:${position}`)
    }
    return `${pages[0].events}?${query}`
  }

  #sendChanged() {
    for (const [port, { since }] of this.#pages) if (since) this.#send(port, { kind: 'changed' })
  }

  #sendOfLog(ports, kind, data, id) {
    const [number, ...position] = id.split(':')
    const port = ports[number]
    const page = this.#pages.get(port)
    if (!page) return // the page has left, and the next connection does not follow its log
    if (kind === 'log') page.position = position.join(':')
    this.#send(port, { kind, data, position: page.position })
  }

  #send(port, message) {
    port.postMessage({ ...message, id: this.#pages.get(port).id })
  }

  #receive() {
    this.#receivedAt = Date.now()
    this.#failures = 0
    this.#expectEvent()
    this.#setLost(null)
  }

  #expectEvent() {
    clearTimeout(this.#silenceTimer)
    const since = this.#receivedAt || Date.now()
    this.#silenceTimer = setTimeout(() => this.#lose(since), silentMs)
  }

  #lose(since) {
    this.#source.close()
    clearTimeout(this.#silenceTimer)
    this.#setLost(this.#lostSince ?? since)
    const ms = retryMs[Math.min(this.#failures++, retryMs.length - 1)]
    this.#openAfter(ms * (0.75 + Math.random() / 2)) // so that not all browsers connect at once
  }

  #setLost(since) {
    if (since === this.#lostSince) return
    this.#lostSince = since
    for (const port of this.#pages.keys()) this.#send(port, { lost: since })
  }
}

// In a shared worker, each page connects with its port.
if (typeof SharedWorkerGlobalScope === 'function') {
  const connection = new Connection()
  self.onconnect = ({ ports: [port] }) => connection.add(port)
}
