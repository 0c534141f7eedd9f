import type { AttemptId } from '@rumpfarm/contracts'
import { attemptName } from '@rumpfarm/contracts'
import type { AttemptView, JobView } from '@rumpfarm/farm'
import { topics } from '../../../events/bus.ts'
import type { Services } from '../../../services.ts'
import { renderFragment } from '../components/layout.tsx'
import { LogText, SectionFrame } from '../log/job-log.tsx'
import { LineRenderer } from '../log/line-html.ts'
import { LineCutter } from '../log/lines.ts'
import { logSections, sectionAt } from '../log/sections.ts'
import { type LogPlace, lineHtml, readBytes } from '../log/window.ts'
import { JobState } from '../pages/job/state.tsx'
import type { Visit } from '../visit.ts'
import { Alarm } from './alarm.ts'
import type { EventStream } from './stream.ts'

/** One read of a log; with the event it becomes, the most that a slow browser makes the server hold. */
const readBytesMax = 64 * 1024
/** Half of what the farm remembers a watcher for, so that one lost message costs nothing. */
const watchedEveryMs = 5_000

export interface Watch {
  visit: Visit
  attempt: AttemptId
  place: LogPlace
}

/** Sends what an attempt prints and how it goes on, from a place in its log to its end. */
export async function followAttempt(
  services: Pick<Services, 'farm' | 'bus'>,
  stream: EventStream,
  watch: Watch,
): Promise<void> {
  const name = attemptName(watch.attempt)
  const alarm = new Alarm()
  const unsubscribe = services.bus.subscribe(topics.attempt(name), () => alarm.ring())
  const watched = () => services.bus.publish(topics.viewed, name)
  watched()
  const timer = setInterval(watched, watchedEveryMs)
  try {
    await new Follower(services, stream, watch).run(alarm)
  } finally {
    clearInterval(timer)
    unsubscribe()
  }
}

class Follower {
  readonly #services: Pick<Services, 'farm' | 'bus'>
  readonly #stream: EventStream
  readonly #watch: Watch
  readonly #renderer = new LineRenderer()
  #cutter = new LineCutter()
  /** How far the log was read. */
  #offset: number
  #line: number
  /** The section that the last lines went to. */
  #section: number | undefined
  #state = ''

  constructor(services: Pick<Services, 'farm' | 'bus'>, stream: EventStream, watch: Watch) {
    this.#services = services
    this.#stream = stream
    this.#watch = watch
    this.#offset = watch.place.offset
    this.#line = watch.place.line
  }

  async run(alarm: Alarm): Promise<void> {
    while (!this.#stream.closed.aborted) {
      const job = await this.#services.farm.builds.findJob(this.#watch.attempt.jobId)
      const attempt = job?.attempts.find(({ number }) => number === this.#watch.attempt.number)
      // The log became shorter: the server lost its unsealed end, and the host will send it again.
      if (!job || !attempt || this.#services.farm.attempts.logSize(this.#watch.attempt) < this.#offset)
        return this.#stream.send({ event: 'reload', data: '' })
      await this.#sendState(job, attempt)
      const more = await this.#sendLog(job, attempt)
      if (attempt.state === 'finished' && !more) return this.#stream.send({ event: 'finished', data: '' })
      if (!more) await alarm.wait(watchedEveryMs, this.#stream.closed)
    }
  }

  async #sendState(job: JobView, attempt: AttemptView): Promise<void> {
    const visit = { ...this.#watch.visit, at: new Date() }
    // The last: how long it has been running is shown, too.
    const tick = Math.floor(visit.at.getTime() / watchedEveryMs)
    const state = `${attempt.state} ${attempt.steps.length} ${attempt.cancelRequestedAt !== null} ${tick}`
    if (state === this.#state) return
    this.#state = state
    const host = attempt.state === 'queued' ? await this.#services.farm.hosts.find(job.host) : undefined
    const html = renderFragment(visit, <JobState visit={visit} job={job} attempt={attempt} host={host} />)
    await this.#stream.send({ event: 'state', data: html })
  }

  /** Sends the next piece of the log; false when there is none. */
  async #sendLog(job: JobView, attempt: AttemptView): Promise<boolean> {
    const sections = logSections(attempt, job.recipe)
    const size = this.#services.farm.attempts.logSize(this.#watch.attempt)
    const current = sectionAt(sections, this.#offset)
    const end = Math.min(size, this.#offset + readBytesMax, sections[current]?.end ?? Number.MAX_SAFE_INTEGER)
    await this.#enter(current, sections[current])
    if (end <= this.#offset) return false
    const bytes = await readBytes(this.#services.farm.attempts, this.#watch.attempt, this.#offset, end)
    if (bytes.length === 0) return false
    this.#offset += bytes.length
    await this.#sendLines(bytes)
    return true
  }

  async #enter(current: number, section: ReturnType<typeof logSections>[number] | undefined): Promise<void> {
    if (current === this.#section || !section) return
    this.#section = current
    this.#finishLine()
    const html = renderFragment(
      this.#watch.visit,
      <SectionFrame section={{ ...section, exit: undefined, status: undefined }} open note="">
        <LogText html="" />
      </SectionFrame>,
    )
    // The page was drawn with the section it ended in: the browser adds only one that is not its last.
    await this.#stream.send({ event: 'section', data: html })
  }

  /** A step that ended in the midst of a line: the next one's output begins a line of its own. */
  #finishLine(): void {
    if (this.#cutter.unfinished) this.#line++
    this.#cutter = new LineCutter()
  }

  async #sendLines(bytes: Buffer): Promise<void> {
    const lines = this.#cutter.push(bytes).map(line => lineHtml(this.#line++, this.#renderer.render(line)))
    const { unfinished } = this.#cutter
    const tail = unfinished ? lineHtml(this.#line, new LineRenderer().render(unfinished), true) : ''
    const id = `${this.#offset - (unfinished?.length ?? 0)}:${this.#line}`
    await this.#stream.send({ event: 'log', id, data: lines.join('') + tail })
  }
}
