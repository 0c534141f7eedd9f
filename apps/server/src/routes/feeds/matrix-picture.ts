import { isTrouble } from '@rumpfarm/farm'
import { escapeHtml } from '../dashboard/components/escape.ts'
import { boxWords } from '../dashboard/components/grid/box-words.ts'
import type { Grid, GridBox } from '../dashboard/components/grid/grid.ts'
import { counted } from '../dashboard/components/status.ts'
import { boxColors, lightColor, pictureStyle } from './picture-style.ts'
import { plainText, shortened } from './plain-text.ts'

/** A picture has at most this many rows and columns. A line below the table counts the others. */
export const pictureRowsMax = 200
export const pictureColumnsMax = 60

const size = { row: 20, column: 64, system: 84, host: 150, margin: 8, title: 24 }
const charactersPerPixel = 1 / 6.2
/** The description names at most this many boxes. */
const describedMax = 20

interface Row {
  system: string
  host: string
  note: string
  boxes: readonly (GridBox | null)[]
}

/** The matrix as an SVG picture for a page that can show only pictures, such as a README. */
export function matrixPicture(grid: Grid, title: string): string {
  const columns = grid.columns.slice(0, pictureColumnsMax)
  const all = grid.groups.flatMap(({ name, rows }) => rows.map((row, index) => rowOf(row, index === 0 ? name : '')))
  const rows = all.slice(0, pictureRowsMax)
  const left = [all.length - rows.length, grid.columns.length - columns.length]
  const more = [left[0] ? counted(left[0], 'more host') : '', left[1] ? counted(left[1], 'more architecture') : '']
  const rest = more.filter(Boolean).join(', ')
  const top = size.margin + size.title
  const tableWidth = size.system + size.host + columns.length * size.column
  const tableHeight = (rows.length + 1) * size.row
  const width = Math.max(tableWidth, title.length / charactersPerPixel + size.column) + 2 * size.margin
  const height = top + tableHeight + (rest === '' ? 0 : size.row) + size.margin
  const body = [
    background(width, height),
    textAt(size.margin, top - 8, title, 'text', ' class="f-text b"'),
    ...columns.map(({ arch }, index) => textAt(columnX(index) + 4, top + 14, fitting(arch, size.column), 'text-muted')),
    ...rows.map((row, index) => rowSvg(row, top + (index + 1) * size.row, { columns, at: grid.at, width: tableWidth })),
    rest === '' ? '' : textAt(size.margin, top + tableHeight + 14, rest, 'text-muted'),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d"><title id="t">${escaped(title)}</title><desc id="d">${escaped(descriptionOf(grid))}</desc><style>${pictureStyle}</style>${body.join('\n')}</svg>\n`
}

const rowOf = ({ host, note, warning, boxes }: Grid['groups'][number]['rows'][number], system: string): Row => ({
  system,
  host,
  note: warning ?? note,
  boxes,
})

const escaped = (text: string): string => escapeHtml(plainText(text))
const columnX = (index: number): number => size.margin + size.system + size.host + index * size.column
const fitting = (text: string, pixels: number): string => shortened(text, Math.floor((pixels - 8) * charactersPerPixel))

const background = (width: number, height: number): string =>
  `<rect width="${width}" height="${height}" rx="4" fill="${lightColor('surface')}" class="f-surface"/>`

const textAt = (x: number, y: number, text: string, color: string, attributes = ` class="f-${color}"`): string =>
  `<text x="${x}" y="${y}" fill="${lightColor(color)}"${attributes}>${escaped(text)}</text>`

const endingAt = (x: number, y: number, text: string): string =>
  textAt(x, y, text, 'text-muted', ' class="f-text-muted" text-anchor="end"')

interface Table {
  columns: Grid['columns']
  at: Date
  width: number
}

function rowSvg({ system, host, note, boxes }: Row, y: number, { columns, at, width }: Table): string {
  const x = size.margin + size.system
  const name = fitting(host, size.host)
  const room = Math.floor((size.host - 12) * charactersPerPixel) - name.length
  return [
    `<rect x="${size.margin}" y="${y}" width="${width}" height="1" fill="${lightColor('line')}" class="f-line"/>`,
    system === '' ? '' : textAt(size.margin, y + 14, fitting(system, size.system), 'text', ' class="f-text b"'),
    textAt(x, y + 14, name, 'text'),
    room < 3 || note === '' ? '' : endingAt(x + size.host - 12, y + 14, shortened(note, room)),
    ...columns.map(({ arch }, index) => {
      const box = boxes[index]
      return box ? boxSvg(box, `${host} ${arch}`, { x: columnX(index), y, at }) : ''
    }),
  ].join('')
}

function boxSvg(box: GridBox, name: string, { x, y, at }: { x: number; y: number; at: Date }): string {
  const { sign, fill, text } = boxColors[box.look]
  const { before, shown, count, after } = boxWords(box, at)
  const rect =
    fill === undefined
      ? ''
      : `<rect x="${x + 1}" y="${y + 2}" width="${size.column - 2}" height="${size.row - 3}" rx="2" fill="${lightColor(fill)}" class="f-${fill}"/>`
  const words = box.look === 'passed' ? sign : fittingWords([`${sign} ${shown}`, count])
  return `<g><title>${escaped(`${name}: ${before}${shown} ${count}${after}`.trim())}</title>${rect}${textAt(x + 4, y + 14, words, text)}</g>`
}

/** The words of a box, without the count if there is no room for it. */
function fittingWords([words, count]: readonly [string, string]): string {
  const all = `${words} ${count}`.trim()
  return all === fitting(all, size.column) ? all : fitting(words, size.column)
}

/** The boxes that somebody should look at, in words. */
function descriptionOf({ groups, columns, at }: Grid): string {
  const boxes = groups.flatMap(({ rows }) =>
    rows.flatMap(row =>
      row.boxes.flatMap((box, index) =>
        box && isTrouble(box.look) ? [{ box, name: `${row.host} ${columns[index]?.arch}` }] : [],
      ),
    ),
  )
  if (boxes.length === 0) return 'No box needs attention.'
  const named = boxes.slice(0, describedMax).map(({ box, name }) => {
    const { before, shown } = boxWords(box, at)
    return `${name}: ${before}${shown}`
  })
  const more = boxes.length - named.length
  return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`
}
