import type { AttemptId } from '@rumpfarm/contracts'
import { attemptName } from '@rumpfarm/contracts'
import type { AttemptView, JobView } from '@rumpfarm/farm'
import { topics } from '../../../events/bus.ts'
import type { Services } from '../../../services.ts'
import { renderFragment } from '../components/layout.tsx'
import { LogText } from '../log/job-log.tsx'
import { LineRenderer } from '../log/line-html.ts'
import { LineCutter } from '../log/lines.ts'
import { SectionFrame } from '../log/section-frame.tsx'
import { logSections, sectionAt } from '../log/sections.ts'
import { timeHtml } from '../log/timeline.ts'
import { type LogPosition, lineHtml, readBytes } from '../log/window.ts'
import { JobState } from '../pages/job/state.tsx'
import { stateOf } from '../pages/job/state-of.ts'
import type { Visit } from '../visit.ts'
import type { EventStream } from './stream.ts'
import { WakeUp } from './wake-up.ts'

/** The server reads at most this many bytes of a log at once, and reads the next bytes only after it has sent these. */
const readBytesMax = 64 * 1024
/** The interval of the message `viewed` while a page shows a log. A message is valid for 12 s, in case one is lost. */
const viewedEveryMs = 5_000

export interface FollowedAttempt {
  visit: Visit
  attempt: AttemptId
  position: LogPosition
  /** Whether the page shows times. */
  times?: boolean
}

/** Until the attempt has finished, sends its state and its log to a page. The log starts at the page's position. */
export async function followAttempt(
  services: Pick<Services, 'farm' | 'bus'>,
  stream: EventStream,
  followed: FollowedAttempt,
): Promise<void> {
  const name = attemptName(followed.attempt)
  const wakeUp = new WakeUp()
  const unsubscribe = services.bus.subscribe(topics.attempt(name), () => wakeUp.wake())
  const publishViewed = () => services.bus.publish(topics.viewed, name)
  publishViewed()
  const timer = setInterval(publishViewed, viewedEveryMs)
  try {
    await new Follower(services, stream, followed).run(wakeUp)
  } finally {
    clearInterval(timer)
    unsubscribe()
  }
}

class Follower {
  readonly #services: Pick<Services, 'farm' | 'bus'>
  readonly #stream: EventStream
  readonly #followed: FollowedAttempt
  readonly #renderer: LineRenderer
  readonly #name: string
  #cutter = new LineCutter()
  /** The server has read the log up to this byte. */
  #offset: number
  #line: number
  /** The section of the newest lines that the server has sent. */
  #section: number | undefined
  #state = ''

  constructor(services: Pick<Services, 'farm' | 'bus'>, stream: EventStream, followed: FollowedAttempt) {
    this.#services = services
    this.#stream = stream
    this.#followed = followed
    this.#name = attemptName(followed.attempt)
    this.#renderer = new LineRenderer({ attempt: this.#name })
    this.#offset = followed.position.offset
    this.#line = followed.position.line
  }

  async run(wakeUp: WakeUp): Promise<void> {
    while (!this.#stream.closed.aborted) {
      // The size comes before the steps: a message stores its steps before its bytes, so the steps then cover all bytes.
      const size = this.#logSize()
      const job = await this.#services.farm.builds.findJob(this.#followed.attempt.jobId)
      const attempt = job?.attempts.find(({ number }) => number === this.#followed.attempt.number)
      // A log becomes shorter if the server loses bytes that were not safe on the disk. Then the host sends them again.
      if (!job || !attempt || size < this.#offset) return this.#stream.send({ event: 'reload', data: '' })
      await this.#sendState(job, attempt)
      const more = await this.#sendLog(job, attempt, attempt.state === 'finished' ? this.#logSize() : size)
      if (attempt.state === 'finished' && !more) return this.#stream.send({ event: 'finished', data: '' })
      if (!more) await wakeUp.wait(viewedEveryMs, this.#stream.closed)
    }
  }

  #logSize(): number {
    return this.#services.farm.attempts.logSize(this.#followed.attempt)
  }

  async #sendState(job: JobView, attempt: AttemptView): Promise<void> {
    const visit = { ...this.#followed.visit, at: new Date() }
    // The page shows how long the attempt has been running, so the server sends the state every 5 s.
    const tick = Math.floor(visit.at.getTime() / viewedEveryMs)
    const state = `${attempt.state} ${attempt.steps.length} ${attempt.cancelRequestedAt !== null} ${tick}`
    if (state === this.#state) return
    this.#state = state
    const read = await stateOf(this.#services.farm, job, attempt)
    const html = renderFragment(visit, <JobState visit={visit} job={job} attempt={attempt} {...read} />)
    await this.#stream.send({ event: 'state', data: html })
  }

  /** Sends the next piece of the log, up to `size`. Returns false if the log has no further bytes yet. */
  async #sendLog(job: JobView, attempt: AttemptView, size: number): Promise<boolean> {
    const sections = logSections(attempt, job.recipe)
    const current = sectionAt(sections, this.#offset)
    const end = Math.min(size, this.#offset + readBytesMax, sections[current]?.end ?? Number.MAX_SAFE_INTEGER)
    await this.#enter(current, sections[current])
    if (end <= this.#offset) return false
    const { readLog } = this.#services.farm.attempts
    const read = (from: number, to: number) => readLog(this.#followed.attempt, from, to)
    const bytes = await readBytes({ size, read }, this.#offset, end)
    if (bytes.length === 0) return false
    this.#offset += bytes.length
    await this.#sendLines(bytes, attempt)
    return true
  }

  async #enter(current: number, section: ReturnType<typeof logSections>[number] | undefined): Promise<void> {
    if (current === this.#section || !section) return
    this.#section = current
    this.#finishLine()
    const html = renderFragment(
      this.#followed.visit,
      <SectionFrame section={{ ...section, exit: undefined, status: undefined }} open note="">
        <LogText html="" />
      </SectionFrame>,
    )
    // The browser ignores a section that is already the last on its page.
    await this.#stream.send({ event: 'section', data: html })
  }

  /** If a step ends in the middle of a line, the output of the next step starts a new line. */
  #finishLine(): void {
    if (this.#cutter.unfinished) this.#line++
    this.#cutter = new LineCutter()
  }

  async #sendLines(bytes: Buffer, { startedAt }: AttemptView): Promise<void> {
    const now = Date.now()
    const time = this.#followed.times ? timeHtml(now, startedAt?.getTime() ?? now) : undefined
    const lines = this.#cutter
      .push(bytes)
      .map((line, index) =>
        lineHtml(this.#line++, this.#renderer.render(line), { time: index === 0 ? time : undefined }),
      )
    const { unfinished } = this.#cutter
    const renderer = new LineRenderer({ attempt: this.#name })
    const tail = unfinished ? lineHtml(this.#line, renderer.render(unfinished), { classes: 'line tail' }) : ''
    const id = `${this.#offset - (unfinished?.length ?? 0)}:${this.#line}`
    await this.#stream.send({ event: 'log', id, data: lines.join('') + tail })
  }
}
