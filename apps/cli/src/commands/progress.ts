import { clean } from '../terminal/clean.ts'
import type { OutStream } from '../terminal/streams.ts'
import type { Style } from '../terminal/style.ts'
import { shorten } from '../terminal/table.ts'
import { runTime, titleOf } from './build.ts'
import type { Build, JobSummary } from './follow-build.ts'
import { cellName, countsText, openJobs, statusBox } from './verdicts.ts'

/** Shows the state of a build again and again. */
export interface Progress {
  show(build: Build): void | Promise<void>
  end(): void
}

const statusText = (job: JobSummary, style: Style): string => {
  const box = statusBox(job)
  return typeof box === 'string' ? box : style(box.colour, box.text)
}

/** One line for each job that changes: for pipes and log files. */
export function lineProgress(out: OutStream, style: Style, now: () => Date): Progress {
  const known = new Map<number, string>()
  return {
    async show(build) {
      if (known.size === 0) await out.write(`${titleOf(build)}: ${countsText(build.counts)}\n`)
      for (const job of build.jobs) {
        const state = `${job.attempt} ${job.verdict ?? job.state}`
        if (known.get(job.id) === state) continue
        known.set(job.id, state)
        if (job.state === 'waiting' || job.state === 'queued' || job.state === 'leased') continue
        const time = job.verdict === null ? '' : ` after ${runTime(job, now())}`
        const step = job.failedStep === null ? '' : ` at ${clean(job.failedStep)}`
        await out.write(
          `${statusText(job, style)} ${clean(cellName(job))}${step}${job.startedAt ? time : ''} (job ${job.id})\n`,
        )
      }
    },
    end() {},
  }
}

/** One JSON object for each change of a job, one per line. */
export function jsonProgress(out: OutStream): Progress {
  const known = new Map<number, string>()
  return {
    async show({ jobs }) {
      for (const job of jobs) {
        const text = JSON.stringify(job)
        if (known.get(job.id) !== text) await out.write(`${text}\n`)
        known.set(job.id, text)
      }
    },
    end() {},
  }
}

const redrawMs = 1_000

/** A display for terminals that is drawn again in the same place. */
export function screenProgress(out: OutStream, style: Style, now: () => Date): Progress {
  let drawn = 0
  let newest: Build | undefined
  const draw = () => {
    if (!newest) return
    const lines = progressLines(newest, { style, now: now(), columns: out.columns(), rows: out.rows() })
    const up = drawn > 0 ? `\u001b[${drawn}A` : ''
    out.write(`${up}${lines.map(line => `\u001b[2K${line}\n`).join('')}\u001b[0J`)
    drawn = lines.length
  }
  const timer = setInterval(draw, redrawMs)
  return {
    show(build) {
      newest = build
      draw()
    },
    end() {
      clearInterval(timer)
      draw()
    },
  }
}

interface Screen {
  style: Style
  now: Date
  columns: number
  rows: number
}

const barColumnsMax = 30

/** At most as many lines as the terminal has: the failures, then the running jobs, then the others. */
export function progressLines(build: Build, { style, now, columns, rows }: Screen): string[] {
  const { jobs, counts } = build
  const ended = jobs.length - openJobs(counts)
  const failed = jobs.filter(({ verdict }) => verdict !== null && verdict !== 'passed')
  const running = jobs.filter(({ state }) => state === 'running' || state === 'leased')
  const shown = [...failed, ...running].slice(0, Math.max(rows - 4, 1))
  const hidden = failed.length + running.length - shown.length
  return [
    style('bold', shorten(titleOf(build), columns - 1)),
    `${bar(ended, jobs.length, failed.length, style)} ${shorten(`${ended} of ${jobs.length} jobs ended: ${countsText(counts)}`, columns - barColumnsMax - 4)}`,
    ...shown.map(job => jobLine(job, { style, now, columns })),
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
  ]
}

function bar(ended: number, all: number, failed: number, style: Style): string {
  const part = (count: number) => Math.round((count / Math.max(all, 1)) * barColumnsMax)
  const red = failed > 0 ? Math.max(part(failed), 1) : 0
  const green = Math.max(part(ended) - red, 0)
  return `[${style('red', '#'.repeat(red))}${style('green', '#'.repeat(green))}${'.'.repeat(Math.max(barColumnsMax - red - green, 0))}]`
}

function jobLine(job: JobSummary, { style, now, columns }: Pick<Screen, 'style' | 'now' | 'columns'>): string {
  const step = job.failedStep === null ? '' : ` at ${job.failedStep}`
  const current = job.verdict === null && job.steps.length > 0 ? ` after ${job.steps.at(-1)?.name}` : ''
  const box = statusBox(job)
  const { text, colour } = typeof box === 'string' ? { text: box, colour: undefined } : box
  const rest = clean(`${cellName(job)}${step}${current} ${runTime(job, now)} (job ${job.id})`)
  return `  ${style(colour, text.padEnd(9))} ${shorten(rest, columns - 13)}`
}
