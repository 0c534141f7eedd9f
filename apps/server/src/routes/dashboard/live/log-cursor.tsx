import type { AttemptId } from '@rumpfarm/contracts'
import { attemptName } from '@rumpfarm/contracts'
import type { AttemptView, Farm, JobView } from '@rumpfarm/farm'
import { renderFragment } from '../components/layout.tsx'
import { LogText } from '../log/job-log.tsx'
import { LineRenderer } from '../log/line-html.ts'
import { LineCutter } from '../log/lines.ts'
import { SectionFrame } from '../log/section-frame.tsx'
import { type LogSection, logSections, sectionAt } from '../log/sections.ts'
import { timeHtml } from '../log/timeline.ts'
import { type LogPosition, lineHtml, readBytes, skippedLinesHtml } from '../log/window.ts'
import type { ServerEvent } from './server-event.ts'

export interface LogPlace {
  publicPath: string
  attempt: AttemptId
  position: LogPosition
  /** Whether the page shows times. */
  times: boolean
}

/** What the log was when the follower last looked. */
export interface LogState {
  job: JobView
  attempt: AttemptView
  size: number
  /** A step reads and sends at most this many bytes. */
  stepBytes: number
}

/** A cursor that is this many steps behind the end of the log leaves lines out. */
const stepsBehindMax = 16
/** After lines were left out, the cursor is this many steps behind. */
const stepsKept = 2
/** One step counts at most this many bytes of lines that it leaves out. */
const skippedBytesMax = 16 * 1024 * 1024

/** A position in the log of an attempt, which moves to the end of the log step by step, and returns the events of each step. */
export class LogCursor {
  readonly #farm: Pick<Farm, 'attempts'>
  readonly #place: LogPlace
  readonly #renderer: LineRenderer
  #cutter = new LineCutter()
  /** The cursor has read the log up to this byte. */
  #offset: number
  #line: number
  /** The section of the newest lines. */
  #section: number | undefined
  /** The first line that the cursor leaves out. */
  #skippedFrom: number | undefined

  constructor(farm: Pick<Farm, 'attempts'>, place: LogPlace) {
    this.#farm = farm
    this.#place = place
    this.#renderer = new LineRenderer({ attempt: attemptName(place.attempt) })
    this.#offset = place.position.offset
    this.#line = place.position.line
  }

  get offset(): number {
    return this.#offset
  }

  /** The position after the last whole line. A page continues from it after a lost connection. */
  get position(): LogPosition {
    return { offset: this.#offset - (this.#cutter.unfinished?.length ?? 0), line: this.#line }
  }

  /** Cursors with the same state send the same events from now on. */
  get state(): string {
    const { offset, line } = this.position
    return `${this.#place.times} ${offset} ${this.#offset} ${line} ${this.#section} ${this.#skippedFrom}`
  }

  /** Reads the next piece of the log, up to `size`. `more` is false if the log has no further bytes yet. */
  async step(state: LogState): Promise<{ events: ServerEvent[]; more: boolean }> {
    const sections = logSections(state.attempt, state.job.recipe)
    const current = sectionAt(sections, this.#offset)
    const events = this.#enter(current, sections[current])
    const end = Math.min(state.size, sections[current]?.end ?? Number.MAX_SAFE_INTEGER)
    if (end - this.#offset > stepsBehindMax * state.stepBytes) {
      const until = Math.min(end - stepsKept * state.stepBytes, this.#offset + skippedBytesMax)
      if (await this.#skip(until, state.size)) return { events, more: true }
    }
    const bytes = await this.#read(state.size, this.#offset, Math.min(end, this.#offset + state.stepBytes))
    if (bytes.length === 0) return { events, more: false }
    this.#offset += bytes.length
    return { events: [...events, this.#linesOf(bytes, state.attempt)], more: true }
  }

  #read(size: number, from: number, to: number): Promise<Buffer> {
    const { readLog } = this.#farm.attempts
    return readBytes({ size, read: (start, end) => readLog(this.#place.attempt, start, end) }, from, to)
  }

  #enter(current: number, section: LogSection | undefined): ServerEvent[] {
    if (current === this.#section || !section) return []
    this.#section = current
    this.#finishLine()
    const html = renderFragment(
      this.#place,
      <SectionFrame section={{ ...section, exit: undefined, status: undefined }} open note="">
        <LogText html="" />
      </SectionFrame>,
    )
    // The browser ignores a section that is already the last on its page.
    return [{ event: 'section', data: html }]
  }

  /** If a step ends in the middle of a line, the output of the next step starts a new line. */
  #finishLine(): void {
    if (this.#cutter.unfinished) this.#line++
    this.#cutter = new LineCutter()
  }

  /** Counts the lines before `until`, and continues after the last of them. False if a line is longer than this range. */
  async #skip(until: number, size: number): Promise<boolean> {
    const { readLog } = this.#farm.attempts
    let [lines, after, at] = [0, this.#offset, this.#offset]
    for await (const chunk of readLog(this.#place.attempt, this.#offset, Math.min(until, size))) {
      const bytes = chunk as Buffer
      for (let found = bytes.indexOf(10); found >= 0; found = bytes.indexOf(10, found + 1)) {
        lines++
        after = at + found + 1
      }
      at += bytes.length
    }
    if (lines === 0) return false
    this.#skippedFrom ??= this.#line
    this.#cutter = new LineCutter()
    this.#offset = after
    this.#line += lines
    return true
  }

  #linesOf(bytes: Buffer, { startedAt }: AttemptView): ServerEvent {
    const now = Date.now()
    const time = this.#place.times ? timeHtml(now, startedAt?.getTime() ?? now) : undefined
    const skipped = this.#skippedHtml()
    const lines = this.#cutter
      .push(bytes)
      .map((line, index) =>
        lineHtml(this.#line++, this.#renderer.render(line), { time: index === 0 ? time : undefined }),
      )
    const { unfinished } = this.#cutter
    const renderer = new LineRenderer({ attempt: attemptName(this.#place.attempt) })
    const tail = unfinished ? lineHtml(this.#line, renderer.render(unfinished), { classes: 'line tail' }) : ''
    const { offset, line } = this.position
    return { event: 'log', id: `${offset}:${line}`, data: skipped + lines.join('') + tail }
  }

  /** Says which lines the page does not show. */
  #skippedHtml(): string {
    if (this.#skippedFrom === undefined) return ''
    const html = skippedLinesHtml(this.#skippedFrom, this.#line - 1)
    this.#skippedFrom = undefined
    return html
  }
}
