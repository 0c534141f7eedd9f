import type { CellRun } from '@rumpfarm/farm'
import { counted, shortCommit, statusLabel } from '../../components/status.ts'
import { duration } from '../../components/times.ts'
import { type Scale, scaleOf } from './plot-scale.ts'

const width = 720
const height = 180
/** Room for the labels of the axis, and for the label of the median. */
const left = 74
const right = width - 160
const [top, bottom] = [14, 22]
const barMax = 18

type TimedRun = CellRun & { milliseconds: number }

interface Props {
  runs: readonly CellRun[]
  /** The median duration of the last passes. */
  expectedMs: number | null
}

/**
 * The durations of the runs, oldest commit first. A run that did not pass has a cross above its bar. The table of the
 * runs has the same numbers as text.
 */
export function DurationPlot({ runs, expectedMs }: Props) {
  const timed = runs.toReversed().filter((run): run is TimedRun => run.milliseconds !== null)
  if (timed.length < 2) return null
  const scale = scaleOf([...timed.map(({ milliseconds }) => milliseconds), expectedMs ?? 0])
  const slot = (right - left) / timed.length
  return (
    <svg class="plot" viewBox={`0 0 ${width} ${height}`} role="img" aria-labelledby="plot-title plot-text">
      <title id="plot-title">Durations of the last {timed.length} runs</title>
      <desc id="plot-text">{plotText(timed, expectedMs)}</desc>
      <Axis scale={scale} />
      {timed.map((run, index) => (
        <Bar run={run} scale={scale} x={left + index * slot + slot / 2} width={Math.min(barMax, slot * 0.7)} />
      ))}
      {expectedMs !== null && <Median at={yOf(expectedMs, scale)} text={`median ${duration(expectedMs)}`} />}
      <text class="first" x={left} y={height - 5}>
        {shortCommit(timed[0]?.commit ?? '')}
      </text>
      <text class="last" x={right} y={height - 5}>
        {shortCommit(timed.at(-1)?.commit ?? '')}
      </text>
    </svg>
  )
}

const yOf = (milliseconds: number, { max }: Scale): number =>
  round(top + (height - top - bottom) * (1 - milliseconds / max))

const round = (pixels: number): number => Math.round(pixels * 10) / 10

const Axis = ({ scale }: { scale: Scale }) => (
  <>
    {scale.ticks.map(({ milliseconds, label }) => (
      <>
        <line class="axis" x1={left} x2={right} y1={yOf(milliseconds, scale)} y2={yOf(milliseconds, scale)} />
        <text class="tick" x={left - 8} y={yOf(milliseconds, scale) + 4}>
          {label}
        </text>
      </>
    ))}
  </>
)

function Bar({ run, scale, x, width: wide }: { run: TimedRun; scale: Scale; x: number; width: number }) {
  const y = yOf(run.milliseconds, scale)
  return (
    <g class={`bar-of ${run.verdict}`}>
      <rect x={round(x - wide / 2)} y={y} width={round(wide)} height={Math.max(1, round(height - bottom - y))} />
      {run.verdict !== 'passed' && <path d={`M${round(x - 3)} ${y - 10}l6 6m0 -6l-6 6`} />}
    </g>
  )
}

const Median = ({ at, text }: { at: number; text: string }) => (
  <>
    <line class="median" x1={left} x2={right} y1={at} y2={at} />
    <text class="median-text" x={right + 6} y={at + 4}>
      {text}
    </text>
  </>
)

function plotText(runs: readonly TimedRun[], expectedMs: number | null): string {
  const newest = runs.at(-1)
  const failed = runs.filter(({ verdict }) => verdict !== 'passed').length
  return [
    expectedMs === null ? 'No run has passed.' : `The median of the last passes is ${duration(expectedMs)}.`,
    newest ? `The newest run took ${duration(newest.milliseconds)} and is ${statusLabel[newest.verdict]}.` : '',
    `${counted(failed, 'run')} of ${runs.length} did not pass. The table below has all runs.`,
  ].join(' ')
}
