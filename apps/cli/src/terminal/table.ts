import { clean } from './clean.ts'
import type { Colour, Style } from './style.ts'

/** A cell of a table: a text, or a text with a colour. */
export type Box = string | { text: string; colour: Colour | undefined }

const textOf = (box: Box): string => clean(typeof box === 'string' ? box : box.text)
const colourOf = (box: Box): Colour | undefined => (typeof box === 'string' ? undefined : box.colour)

interface TableOptions {
  head?: readonly string[]
  style: Style
  /** The width of the terminal: the last column is shortened to it. */
  columns: number
}

/** The lines of a table. Columns are two spaces apart. The last column can be long: a terminal gets only its begin. */
export function table(rows: readonly (readonly Box[])[], { head, style, columns }: TableOptions): string[] {
  if (rows.length === 0) return []
  const all: (readonly Box[])[] = head ? [head.map(text => ({ text, colour: 'bold' as const })), ...rows] : [...rows]
  const count = Math.max(...all.map(row => row.length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...all.map(row => width(textOf(row[column] ?? '')))),
  )
  return all.map(row => line(row, widths, { style, columns }))
}

function line(row: readonly Box[], widths: readonly number[], { style, columns }: TableOptions): string {
  let used = 0
  const parts = row.map((box, column) => {
    const isLast = column === row.length - 1
    const text = isLast ? shorten(textOf(box), Math.max(columns - used, 10)) : textOf(box)
    used += (widths[column] ?? 0) + 2
    const padding = isLast ? '' : ' '.repeat((widths[column] ?? 0) - width(text))
    return `${style(colourOf(box), text)}${padding}`
  })
  return parts.join('  ').trimEnd()
}

/** The number of characters. */
export const width = (text: string): number => [...text].length

/** The begin of a text that is too long, with `…`. */
export const shorten = (text: string, columns: number): string =>
  width(text) <= columns ? text : `${[...text].slice(0, Math.max(columns - 1, 0)).join('')}…`
