// The connection to the farm that all pages of a browser share: over HTTP/1.1 a browser opens six to a server, and an event stream
// holds one for as long as its page is open. It runs in a shared worker, or in the page where the browser has none.

/** The server sends an event every 15 s: after this time the connection is dead, even if nobody has closed it. */
const silentMs = 40_000
/** A page that goes to another one leaves and comes within a moment. */
const settleMs = 50
const retryMs = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000]
const kinds = ['changed', 'state', 'section', 'log', 'finished', 'reload']

export class Connection {
  /** What each page follows: { id, events, since } or { id, events, log, place }. */
  #pages = new Map()
  #source
  #openTimer
  #silenceTimer
  #heardAt = 0
  #lostSince = null
  #failures = 0

  /** A page behind a message port. It sends what it follows, and null when it is hidden or left. */
  add(port) {
    port.onmessage = ({ data }) => this.#follow(port, data)
  }

  #follow(port, page) {
    const known = this.#pages.get(port)
    if (page) this.#pages.set(port, page)
    else this.#pages.delete(port)
    if (known && page && known.log === page.log && known.id === page.id) return // it was only drawn again
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
      this.#heardAt = this.#failures = 0
      this.#lostSince = null
      return
    }
    const ports = [...this.#pages].filter(([, { log }]) => log).map(([port]) => port)
    const source = new EventSource(this.#address(ports))
    this.#source = source
    this.#awaitEvent()
    // Also an answer that is no event stream: 503, 429, a proxy's page.
    source.onerror = () => this.#lose(Date.now())
    source.onopen = () => this.#hear()
    source.addEventListener('alive', () => this.#hear())
    for (const kind of kinds)
      source.addEventListener(kind, ({ data, lastEventId }) => {
        this.#hear()
        if (kind === 'changed') this.#sendChanged()
        else this.#sendOfLog(ports, kind, data, lastEventId)
      })
  }

  #address(ports) {
    const pages = [...this.#pages.values()]
    const query = new URLSearchParams()
    const drawn = pages.filter(({ since }) => since).map(({ since }) => Number(since))
    if (drawn.length > 0) query.append('since', Math.min(...drawn))
    for (const port of ports) {
      const { log, place } = this.#pages.get(port)
      query.append('log', `${log}:${place}`)
    }
    return `${pages[0].events}?${query}`
  }

  #sendChanged() {
    for (const [port, { since }] of this.#pages) if (since) this.#send(port, { kind: 'changed' })
  }

  #sendOfLog(ports, kind, data, id) {
    const [number, ...place] = id.split(':')
    const port = ports[number]
    const page = this.#pages.get(port)
    if (!page) return // it has left, and the next connection will not follow its log
    if (kind === 'log') page.place = place.join(':')
    this.#send(port, { kind, data, place: page.place })
  }

  #send(port, message) {
    port.postMessage({ ...message, id: this.#pages.get(port).id })
  }

  #hear() {
    this.#heardAt = Date.now()
    this.#failures = 0
    this.#awaitEvent()
    this.#setLost(null)
  }

  #awaitEvent() {
    clearTimeout(this.#silenceTimer)
    const since = this.#heardAt || Date.now()
    this.#silenceTimer = setTimeout(() => this.#lose(since), silentMs)
  }

  #lose(since) {
    this.#source.close()
    clearTimeout(this.#silenceTimer)
    this.#setLost(this.#lostSince ?? since)
    const ms = retryMs[Math.min(this.#failures++, retryMs.length - 1)]
    this.#openAfter(ms * (0.75 + Math.random() / 2)) // not all browsers at once
  }

  #setLost(since) {
    if (since === this.#lostSince) return
    this.#lostSince = since
    for (const port of this.#pages.keys()) this.#send(port, { lost: since })
  }
}

// As a shared worker: each page that connects brings its port.
if (typeof SharedWorkerGlobalScope === 'function') {
  const connection = new Connection()
  self.onconnect = ({ ports: [port] }) => connection.add(port)
}
