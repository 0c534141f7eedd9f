import { cut } from '@rumpfarm/contracts'

/** Lines of a log around a failure. */
export interface Excerpt {
  /** The number of the first line in the log, from 1. */
  firstLine: number
  lines: string[]
}

/** A prepared line and its number in the log. */
export interface NumberedLine {
  line: number
  text: string
}

const linesBefore = 3
/** The farm shows this many lines after the line that wins. */
export const linesAfter = 12
/** The farm looks this many lines up for a line that says in which file and function an error is. */
export const contextLinesMax = 10
/** Of each line, the excerpt keeps this many characters. */
export const excerptCharactersMax = 500
const lastLinesMax = 10
/** A step that fails without an error line: the farm looks at this many lines at its end. */
export const endLinesMax = 40

const context =
  /^(?:In file included from |\s{8,}from \S{1,300}:\d|\S{1,300}: In (?:(?:static |member |copy |lambda )*(?:function|constructor|destructor)\b|instantiation of )|\S{1,300}: (?:At (?:top level|global scope)|in function )|(?:\S{1,300}: )?In function )/

/** The lines around the line number `winner`. `lines` are neighbouring lines of the log, at least some before it. */
export function excerptAround(lines: readonly NumberedLine[], winner: number): Excerpt {
  const at = lines.findIndex(({ line }) => line === winner)
  const start = contextStart(lines, at) ?? Math.max(0, at - linesBefore)
  return excerptOf(lines.slice(start, at + 1 + linesAfter))
}

/** The index of the first of the lines that say where the error is; undefined if there are none. */
function contextStart(lines: readonly NumberedLine[], winner: number): number | undefined {
  const isContext = (index: number) => context.test(lines[index]?.text ?? '')
  let index = winner - 1
  const last = Math.max(0, winner - contextLinesMax)
  while (index >= last && !isContext(index)) index -= 1
  if (index < last) return undefined
  while (index > 0 && isContext(index - 1)) index -= 1
  return index
}

export const excerptOf = (lines: readonly NumberedLine[]): Excerpt => ({
  firstLine: lines[0]?.line ?? 1,
  lines: lines.map(({ text }) => cut(text, excerptCharactersMax)),
})

const says =
  /^(?!.*(?:\b(?:Entering|Leaving) directory\b|^\s*Stop\.?\s*$)|(?:real|user|sys)\s+[\d.]+(?:m[\d.]+s)?s?\s*$|[\d.]+user [\d.]+system\b|Command exited with non-zero status).*\S/

/** The last ten lines of a step that say something, and the blank lines between them. */
export function lastLines(lines: readonly NumberedLine[]): NumberedLine[] {
  const saying = lines.filter(({ text }) => says.test(text)).slice(-lastLinesMax)
  const [first, last] = [saying[0]?.line, saying.at(-1)?.line]
  if (first === undefined || last === undefined) return []
  return lines.filter(({ line }) => line >= first && line <= last)
}
