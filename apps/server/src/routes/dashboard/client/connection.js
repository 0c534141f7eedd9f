// All pages of a browser share one connection, because a browser opens at most six connections to a server (HTTP/1.1).
// This script runs in a shared worker, or in the page if the browser has no shared workers.

/** The server sends an event every 15 s. If no event arrives in `silentMs`, the connection counts as lost. */
const silentMs = 40_000
/**
 * The connection changes this long after a page has opened or left, because a click on a link makes one page leave and
 * another page open.
 */
const settleMs = 50
/** If the server refuses the connection and names no time, the next try is after this time. */
const refusedMs = 30_000
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
  /** The server's reason for refusing the connection. */
  #refused
  #failures = 0

  /** Adds a page by its message port. The page sends its request, and sends null when nobody sees the page any more. */
  add(port) {
    port.onmessage = ({ data }) => this.#follow(port, data)
  }

  #follow(port, page) {
    const known = this.#pages.get(port)
    if (page) this.#pages.set(port, page)
    else this.#pages.delete(port)
    const same = known && page && known.log === page.log && !known.since === !page.since && known.id === page.id
    if (same) return // the page was only rendered again
    if (page) this.#send(port, { lost: this.#lostSince, refused: this.#refused })
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
      this.#refused = undefined
      return
    }
    const ports = [...this.#pages].filter(([, { log }]) => log).map(([port]) => port)
    const source = new EventSource(this.#address(ports))
    this.#source = source
    this.#expectEvent()
    // If the response is not an event stream (503, 429, a proxy's page), the browser also calls `onerror`.
    source.onerror = () => this.#fail(source)
    source.onopen = () => this.#receive()
    source.addEventListener('alive', () => this.#receive())
    for (const kind of kinds)
      source.addEventListener(kind, ({ data, lastEventId }) => {
        this.#receive()
        if (kind === 'changed') this.#sendChanged(data)
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

  #sendChanged(data) {
    for (const [port, { since }] of this.#pages) if (since) this.#send(port, { kind: 'changed', data })
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

  /** The browser does not tell the status of the response, so the script asks again if the response was no stream. */
  async #fail(source) {
    const isRefused = source.readyState === 2
    this.#lose(Date.now())
    if (!isRefused) return
    const refusal = await refusalAt(source.url)
    if (!refusal || source !== this.#source) return
    this.#setLost(this.#lostSince, refusal.text)
    this.#openLater(refusal.ms)
  }

  #lose(since) {
    this.#source.close()
    clearTimeout(this.#silenceTimer)
    this.#setLost(this.#lostSince ?? since, this.#refused)
    this.#openLater(retryMs[Math.min(this.#failures++, retryMs.length - 1)])
  }

  #openLater(ms) {
    this.#openAfter(ms * (0.75 + Math.random() / 2)) // so that not all browsers connect at once
  }

  #setLost(since, refused) {
    if (since === this.#lostSince && refused === this.#refused) return
    this.#lostSince = since
    this.#refused = refused
    for (const port of this.#pages.keys()) this.#send(port, { lost: since, refused })
  }
}

/** The server's reason for refusing a stream, and how long to wait; undefined if it does not refuse the stream. */
async function refusalAt(url) {
  const ended = new AbortController()
  try {
    const answer = await fetch(url, { signal: ended.signal })
    if (answer.status !== 429 && answer.status !== 503) return undefined
    if (!answer.headers.get('content-type')?.startsWith('text/plain')) return undefined // not the farm's answer
    return { text: (await answer.text()).trim(), ms: Number(answer.headers.get('retry-after')) * 1000 || refusedMs }
  } catch {
    return undefined // the server cannot be reached
  } finally {
    ended.abort()
  }
}

// In a shared worker, each page connects with its port.
if (typeof SharedWorkerGlobalScope === 'function') {
  const connection = new Connection()
  self.onconnect = ({ ports: [port] }) => connection.add(port)
}
