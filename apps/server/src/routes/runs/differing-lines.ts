import { setImmediate as nextTurn } from 'node:timers/promises'
import { normalise, prepareLine } from '@rumpfarm/farm'
import { diffArrays } from 'diff'
import { withoutWorkPath } from '../dashboard/log/work-path.ts'

/** The output of a step of one run. */
export interface StepText {
  /** The name of the attempt, which is in its paths. */
  attempt: string
  hostName: string
  /** The number of the first line in the log, from 1; undefined if the farm does not know it. */
  firstLine: number | undefined
  lines: readonly string[]
}

export interface DiffLine {
  kind: 'same' | 'before' | 'after'
  /** The number of the line in its log, from 1; undefined if the farm does not know it. */
  number: number | undefined
  text: string
}

export interface Difference {
  hunks: DiffLine[][]
  /** The number of equal lines before the first difference. */
  equalLines: number
  /** False if the rest was too different, or too long, to compare line by line. */
  complete: boolean
}

/** Lines around a difference. */
const context = 3
const hunksMax = 10
/** The page shows at most this many lines of one difference. */
const hunkLinesMax = 60
/** After the equal lines at the start and at the end, the server compares at most this many lines of each run. */
const comparedLinesMax = 2_000
/** The comparison of 2,000 lines without any equal line takes less than 0.1 s with this limit. */
const editLengthMax = 1_000
const timeoutMs = 200
/** The server normalises this many lines before it lets other requests run. */
const linesAtOnce = 200

/**
 * The lines that differ between the same step of two runs. Times, paths, addresses and process numbers do not count.
 */
export async function differingLines(before: StepText, after: StepText): Promise<Difference> {
  const [one, other] = [new Normal(before), new Normal(after)]
  const start = await equalAtStart(one, other)
  const end = await equalAtEnd(one, other, start)
  const [left, right] = [one.slice(start, end), other.slice(start, end)]
  const cut = left.length > comparedLinesMax || right.length > comparedLinesMax
  const changes = diffArrays(left.slice(0, comparedLinesMax), right.slice(0, comparedLinesMax), {
    maxEditLength: editLengthMax,
    timeout: timeoutMs,
  })
  const lines = changes ? linesOf(changes, one, other, start) : unaligned(one, other, start, end)
  const hunks = hunksOf([...around(one, start), ...lines, ...(cut ? [] : tail(one, end))])
  return {
    hunks: hunks.slice(0, hunksMax),
    equalLines: start,
    complete: changes !== undefined && !cut && hunks.length <= hunksMax,
  }
}

/** The lines of a run, each normalised when it is needed. */
class Normal {
  readonly text: StepText
  readonly #normal: (string | undefined)[] = []

  constructor(text: StepText) {
    this.text = text
  }

  get length(): number {
    return this.text.lines.length
  }

  at(index: number): string {
    const { lines, attempt, hostName } = this.text
    this.#normal[index] ??= normalise(prepareLine(lines[index] ?? ''), { attempt, hostName })
    return this.#normal[index]
  }

  slice(start: number, fromEnd: number): string[] {
    const count = Math.min(this.length - fromEnd - start, comparedLinesMax + 1)
    return Array.from({ length: Math.max(0, count) }, (_, index) => this.at(start + index))
  }

  line(kind: DiffLine['kind'], index: number): DiffLine {
    const { lines, firstLine, attempt } = this.text
    return {
      kind,
      number: firstLine === undefined ? undefined : firstLine + index,
      text: withoutWorkPath(prepareLine(lines[index] ?? ''), attempt),
    }
  }
}

async function equalAtStart(one: Normal, other: Normal): Promise<number> {
  const length = Math.min(one.length, other.length)
  let index = 0
  while (index < length && one.at(index) === other.at(index)) if (++index % linesAtOnce === 0) await nextTurn()
  return index
}

async function equalAtEnd(one: Normal, other: Normal, start: number): Promise<number> {
  const length = Math.min(one.length, other.length) - start
  let count = 0
  while (count < length && one.at(one.length - 1 - count) === other.at(other.length - 1 - count))
    if (++count % linesAtOnce === 0) await nextTurn()
  return count
}

type Changes = NonNullable<ReturnType<typeof diffArrays<string>>>

function linesOf(changes: Changes, one: Normal, other: Normal, start: number): DiffLine[] {
  let [left, right] = [start, start]
  return changes.flatMap(({ added, removed, count = 0 }) =>
    Array.from({ length: count }, () => {
      if (added) return other.line('after', right++)
      if (removed) return one.line('before', left++)
      right++
      return one.line('same', left++)
    }),
  )
}

/** The first lines of both runs after the equal lines, if they are too different for a comparison. */
function unaligned(one: Normal, other: Normal, start: number, end: number): DiffLine[] {
  const first = (run: Normal, kind: 'before' | 'after') =>
    Array.from({ length: Math.min(hunkLinesMax / 3, run.length - end - start) }, (_, index) =>
      run.line(kind, start + index),
    )
  return [...first(one, 'before'), ...first(other, 'after')]
}

const around = (one: Normal, start: number): DiffLine[] =>
  Array.from({ length: Math.min(context, start) }, (_, index) =>
    one.line('same', start - Math.min(context, start) + index),
  )

const tail = (one: Normal, end: number): DiffLine[] =>
  Array.from({ length: Math.min(context, end) }, (_, index) => one.line('same', one.length - end + index))

/** Groups the differences with the lines around them. Differences with few equal lines between them are one group. */
function hunksOf(lines: readonly DiffLine[]): DiffLine[][] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ kind }) => kind !== 'same'),
  )
  const hunks: DiffLine[][] = []
  for (const [index, line] of lines.entries()) {
    if (!near[index]) continue
    if (!near[index - 1] || hunks.length === 0) hunks.push([])
    hunks.at(-1)?.push(line)
  }
  return hunks.map(hunk => hunk.slice(0, hunkLinesMax))
}
