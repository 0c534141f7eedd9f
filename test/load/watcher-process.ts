// Many watchers of one farm. watchers.ts starts it as a process of its own, so that its CPU is not that of the farm.
import { setTimeout as sleep } from 'node:timers/promises'
import { distribution } from './figures.ts'
import { openStream, PageReader } from './watcher-sockets.ts'

export interface WatcherWishes {
  url: string
  /** The address of the events. */
  path: string
  /** The page that each watcher loads after an event `changed`; undefined for the watchers of a log. */
  page?: string
  watchers: number
  warmUpSeconds: number
  seconds: number
}

const wishes: WatcherWishes = JSON.parse(process.argv[2] ?? '{}')
const now = () => performance.timeOrigin + performance.now()
const openAtOnce = 50
/** A browser that got no page, because the farm was busy, tries again after this time. */
const retryMs = 5_000

let measuring = false
const latencies: number[] = []
const loads: number[] = []
/** The number of lines that each watcher of the log received. */
const lines: number[] = []
const found = { events: 0, bytes: 0, changed: 0, unchanged: 0, refused: 0, pageBytes: 0 }

/** Watches a log. Counts the time from a line's mark, which the job prints, until the line's event. */
function watchLog(number: number) {
  let rest = ''
  return openStream(wishes.url, {
    number,
    path: wishes.path,
    receive(text) {
      const at = now()
      if (measuring) found.bytes += text.length
      if (measuring) found.events++
      rest += text
      for (const [, nanoseconds] of rest.matchAll(/mark \d+ (\d{19}) end/g)) {
        if (!measuring) continue
        latencies.push(at - Number(nanoseconds) / 1e6)
        lines[number] = (lines[number] ?? 0) + 1
      }
      rest = rest.slice(rest.lastIndexOf(' end') + 1).slice(-200)
    },
  })
}

/** Watches a page, like client/live.js: one load at a time, after the pause that the event asks for. */
function watchPage(number: number, page: string) {
  const reader = new PageReader(wishes.url, number)
  let stale = false
  let busy = false
  let staleSince = 0
  let moment = ''
  const catchUp = async (spreadMs: number): Promise<void> => {
    if (busy || !stale) return
    busy = true
    await sleep(Math.random() * spreadMs)
    stale = false
    const since = staleSince
    const began = now()
    const { status, bytes } = await reader.load(page, moment)
    if (measuring) count(status, bytes, now() - began)
    if (measuring) latencies.push(now() - since)
    if (status !== 200 && status !== 304) await sleep(retryMs)
    busy = false
    await catchUp(spreadMs)
  }
  return openStream(wishes.url, {
    number,
    path: wishes.path,
    receive(text) {
      if (measuring) found.bytes += text.length
      const event = /event: changed\ndata: ?(\d*) ?(\S*)/.exec(text)
      if (!event) return
      if (measuring) found.events++
      if (!stale) staleSince = now()
      stale = true
      moment = event[2] ?? ''
      void catchUp(Number(event[1] ?? 0))
    },
  })
}

function count(status: number, bytes: number, ms: number): void {
  loads.push(ms)
  found.pageBytes += bytes
  if (status === 200) found.changed++
  else if (status === 304) found.unchanged++
  else found.refused++
}

const statuses: Record<string, number> = {}
for (let first = 0; first < wishes.watchers; first += openAtOnce) {
  const numbers = Array.from({ length: Math.min(openAtOnce, wishes.watchers - first) }, (_, index) => first + index)
  const opened = await Promise.all(
    numbers.map(number => (wishes.page === undefined ? watchLog(number) : watchPage(number, wishes.page))),
  )
  for (const { status } of opened) statuses[status] = (statuses[status] ?? 0) + 1
}
console.log(`opened ${JSON.stringify(statuses)}`)
await sleep(wishes.warmUpSeconds * 1000)
measuring = true
console.log('measures')
await sleep(wishes.seconds * 1000)
measuring = false
const result = { ...found, latency: distribution(latencies), load: distribution(loads), lines: distribution(lines) }
console.log(`result ${JSON.stringify(result)}`)
process.exit(0)
