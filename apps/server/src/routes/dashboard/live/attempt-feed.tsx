import { setTimeout as sleep } from 'node:timers/promises'
import type { AttemptId } from '@rumpfarm/contracts'
import { attemptName } from '@rumpfarm/contracts'
import { type AttemptView, type JobView, untilAborted } from '@rumpfarm/farm'
import { topics } from '../../../events/bus.ts'
import { farmTime } from '../../../farm-time.ts'
import type { Services } from '../../../services.ts'
import { renderFragment } from '../components/layout.tsx'
import type { LogPosition } from '../log/window.ts'
import { JobState } from '../pages/job/state.tsx'
import { stateOf } from '../pages/job/state-of.ts'
import { type FollowedAttempt, Member, type SharedEvents, sharedEvents } from './feed-member.ts'
import { loadAgain } from './load-again.ts'
import { LogCursor, type LogState } from './log-cursor.tsx'
import type { EventStream } from './stream.ts'
import { WakeUp } from './wake-up.ts'

/** The interval of the message `viewed` while a page shows a log. A message is valid for 12 s, in case one is lost. */
const viewedEveryMs = 5_000

/** A step reads at most this many bytes of a log, and less if many pages show it: see `stepBytesFor`. */
const stepBytesMax = 64 * 1024
const stepBytesOfAll = 16 * 1024 * 1024
/** Two steps begin at least this time for each page after each other, up to the maximum: a step writes to each page. */
const pauseMsEach = 0.2
const pauseMsMax = 200
const pauseMsMin = 5
/** At most this many cursors move in one step. Most pages share one cursor, and the others are behind it. */
const cursorsMovedMax = 16
/** Loading the page of a job costs some milliseconds. */
const loadMsEach = 5

/** With 1,000 pages, 16 KiB. */
const stepBytesFor = (pages: number): number => Math.min(stepBytesMax, Math.ceil(stepBytesOfAll / pages))
const pauseMsFor = (pages: number): number => Math.min(pauseMsMax, pages * pauseMsEach)

type FeedServices = Pick<Services, 'farm' | 'bus'>

/** Follows the attempts that pages show. All pages of an attempt share one follower: its queries, reads and HTML. */
export class AttemptFeeds {
  readonly #services: FeedServices
  readonly #feeds = new Map<string, AttemptFeed>()

  constructor(services: FeedServices) {
    this.#services = services
  }

  /**
   * Until the attempt has finished, sends its state and its log to a page. The log starts at the page's position.
   * Rejects if the farm cannot be read.
   */
  follow(stream: EventStream, followed: FollowedAttempt): Promise<void> {
    const name = attemptName(followed.attempt)
    const feed = this.#feeds.get(name) ?? this.#open(name, followed.attempt)
    return feed.follow(stream, followed)
  }

  #open(name: string, attempt: AttemptId): AttemptFeed {
    const feed: AttemptFeed = new AttemptFeed(this.#services, attempt, () => {
      if (this.#feeds.get(name) === feed) this.#feeds.delete(name)
    })
    this.#feeds.set(name, feed)
    return feed
  }
}

/** The state of the job as an event. The key changes when the event must be made again. */
interface ShownState {
  key: string
  events?: SharedEvents
}

/** What became of a cursor: it sent bytes, it is at the end of the log, or all of its pages are slow. */
type Move = 'moved' | 'at-end' | 'waits'

class AttemptFeed {
  readonly #services: FeedServices
  readonly #attempt: AttemptId
  readonly #onEnd: () => void
  readonly #wakeUp = new WakeUp()
  readonly #empty = new AbortController()
  readonly #members = new Set<Member>()
  /** The cursors with their pages. A page that is slow has no cursor until it has received everything. */
  readonly #cursors = new Map<LogCursor, Set<Member>>()
  #state: ShownState = { key: '' }
  #running = false

  constructor(services: FeedServices, attempt: AttemptId, onEnd: () => void) {
    this.#services = services
    this.#attempt = attempt
    this.#onEnd = onEnd
  }

  follow(stream: EventStream, followed: FollowedAttempt): Promise<void> {
    const member = new Member(stream, followed)
    this.#members.add(member)
    stream.closed.addEventListener('abort', () => this.#leave(member), { once: true })
    if (stream.closed.aborted) this.#leave(member)
    else this.#join(member, followed.position)
    // The follower continues after the request of its first page has ended.
    if (!this.#running) void untilAborted(this.#empty.signal, () => this.#run())
    return member.left
  }

  /** Puts a page at a position. Pages that begin at the same position share a cursor from the beginning. */
  #join(member: Member, position: LogPosition): void {
    const place = { ...member.followed, position, times: member.followed.times ?? false }
    const cursor = new LogCursor(this.#services.farm, place)
    this.#moveTo(this.#sameAs(cursor) ?? cursor, member)
    this.#wakeUp.wake()
  }

  #sameAs(cursor: LogCursor): LogCursor | undefined {
    const { state } = cursor
    return [...this.#cursors.keys()].find(other => other.state === state)
  }

  #moveTo(cursor: LogCursor, member: Member): void {
    const members = this.#cursors.get(cursor) ?? new Set()
    members.add(member)
    this.#cursors.set(cursor, members)
    member.cursor = cursor
  }

  #leave(member: Member): void {
    this.#members.delete(member)
    this.#detach(member)
    member.leave()
    if (this.#members.size > 0) return
    this.#empty.abort()
    this.#onEnd() // the next page opens another feed
  }

  #detach(member: Member): void {
    const { cursor } = member
    if (!cursor) return
    member.cursor = undefined
    const members = this.#cursors.get(cursor)
    members?.delete(member)
    if (members?.size === 0) this.#cursors.delete(cursor)
  }

  async #run(): Promise<void> {
    this.#running = true
    const { bus } = this.#services
    const name = attemptName(this.#attempt)
    const unsubscribe = bus.subscribe(topics.attempt(name), () => this.#wakeUp.wake())
    const publishViewed = () => bus.publish(topics.viewed, name)
    publishViewed()
    const timer = setInterval(publishViewed, viewedEveryMs)
    try {
      while (this.#members.size > 0) {
        const began = performance.now()
        if (!(await this.#step())) await this.#wakeUp.wait(viewedEveryMs, this.#empty.signal)
        const pauseMs = began + pauseMsFor(this.#members.size) - performance.now()
        if (pauseMs >= pauseMsMin) await sleep(pauseMs, undefined, { signal: this.#empty.signal }).catch(() => {})
      }
    } catch (error) {
      for (const member of this.#members) member.fail(error)
    } finally {
      this.#onEnd()
      clearInterval(timer)
      unsubscribe()
    }
  }

  /** Sends each page what is new. Returns false if nothing is left to send now. */
  async #step(): Promise<boolean> {
    const { farm } = this.#services
    const logSize = () => farm.attempts.logSize(this.#attempt)
    // The size comes before the steps: a message stores its steps before its bytes, so the steps then cover all bytes.
    const before = await logSize()
    const job = await farm.builds.findJob(this.#attempt.jobId)
    const attempt = job?.attempts.find(({ number }) => number === this.#attempt.number)
    if (!job || !attempt) {
      this.#end([...this.#members], 'reload')
      return true
    }
    const finished = attempt.state === 'finished'
    const size = finished ? await logSize() : before
    await this.#sendState(job, attempt)
    const now = { job, attempt, size, stepBytes: stepBytesFor(this.#members.size) }
    let moved = 0
    for (const cursor of this.#byPages()) {
      if (moved === cursorsMovedMax) break // the others are first in the next step
      const move = await this.#move(cursor, now)
      if (move === 'moved') moved++
      if (move === 'at-end' && finished) this.#end(this.#membersOf(cursor), 'finished')
    }
    this.#mergeCursors()
    return moved > 0
  }

  /** The cursor with the most pages is first, because most readers wait for it. */
  #byPages(): LogCursor[] {
    const cursors = [...this.#cursors.keys()]
    const first = cursors.reduce(
      (one, other) => (this.#pagesOf(other) > this.#pagesOf(one) ? other : one),
      cursors[0] as LogCursor,
    )
    return [...new Set([first, ...cursors])].filter(cursor => cursor !== undefined)
  }

  #pagesOf(cursor: LogCursor): number {
    return this.#cursors.get(cursor)?.size ?? 0
  }

  #membersOf(cursor: LogCursor): Member[] {
    return [...(this.#cursors.get(cursor) ?? [])]
  }

  async #sendState(job: JobView, attempt: AttemptView): Promise<void> {
    const at = new Date(farmTime())
    // The page shows how long the attempt has been running, so the server sends the state every 5 s.
    const tick = Math.floor(at.getTime() / viewedEveryMs)
    const key = `${attempt.state} ${attempt.steps.length} ${attempt.cancelRequestedAt !== null} ${tick}`
    if (this.#state.key !== key) this.#state = { key }
    const due = [...this.#members].filter(member => member.state !== key && member.canReceive)
    const [first] = due
    if (!first) return
    const events = this.#state.events ?? (await this.#stateEvents(first.followed, { job, attempt, at }))
    this.#state.events = events
    for (const member of due) {
      member.state = key
      member.send(events)
    }
  }

  async #stateEvents({ publicPath }: FollowedAttempt, shown: { job: JobView; attempt: AttemptView; at: Date }) {
    const { farm } = this.#services
    const repositories = await farm.projects.repositories()
    const read = await stateOf(farm, shown.job, shown.attempt)
    const data = renderFragment({ publicPath, repositories }, <JobState {...shown} {...read} />)
    return sharedEvents([{ event: 'state', data }])
  }

  /** Moves a cursor by one step, and sends the events to its pages. */
  async #move(cursor: LogCursor, now: LogState): Promise<Move> {
    // A log becomes shorter if the server loses bytes that were not safe on the disk. Then the host sends them again.
    if (now.size < cursor.offset) {
      this.#end(this.#membersOf(cursor), 'reload')
      return 'waits'
    }
    const slow = this.#membersOf(cursor).filter(({ stream }) => stream.isBehind)
    if (slow.length === this.#pagesOf(cursor)) {
      for (const member of slow) member.onceDrained(() => this.#wakeUp.wake())
      return 'waits'
    }
    for (const member of slow) this.#wait(member, cursor.position)
    const { events, more } = await cursor.step(now)
    const shared = sharedEvents(events)
    if (events.length > 0) for (const member of this.#membersOf(cursor)) member.send(shared)
    if (!more) return 'at-end'
    this.#toBack(cursor)
    return 'moved'
  }

  #toBack(cursor: LogCursor): void {
    const members = this.#cursors.get(cursor)
    if (!members) return
    this.#cursors.delete(cursor)
    this.#cursors.set(cursor, members)
  }

  /** A page that does not receive as fast as the others leaves them, and holds no more than one step in memory. */
  #wait(member: Member, position: LogPosition): void {
    this.#detach(member)
    void member.stream.drained().then(() => this.#members.has(member) && this.#join(member, position))
  }

  #mergeCursors(): void {
    const kept = new Map<string, LogCursor>()
    for (const cursor of this.#byPages()) {
      const same = kept.get(cursor.state)
      if (!same) {
        kept.set(cursor.state, cursor)
        continue
      }
      const members = this.#membersOf(cursor)
      this.#cursors.delete(cursor)
      for (const member of members) this.#moveTo(same, member)
    }
  }

  #end(members: readonly Member[], event: 'finished' | 'reload'): void {
    const events = sharedEvents([{ event, data: loadAgain(members.length, loadMsEach) }])
    for (const member of members) {
      member.send(events)
      this.#leave(member)
    }
  }
}
