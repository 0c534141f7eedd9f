import { escapeHtml, segment } from '../escape.ts'
import { boxWords } from './box-words.ts'
import type { Grid, GridBox, GridColumn, GridGroup, GridRow } from './grid.ts'

// This file uses strings instead of components, for the reasons in pages/matrix/table.ts. Elements have no end tag and
// attributes have no quotes where HTML allows it. In a box, `i` is a text that the table hides: a class would add 10 kB.

/** Host names up to this length fit in their column. A longer name has a title. */
const nameCharacters = 12

/** More columns than this do not fit in 1,600 px; the table then scrolls in its frame. */
const columnsFitting = 24
/** Fewer columns than this do not need the whole width. */
const columnsFew = 13

/** The grid as an HTML table. Put it into `GridFrame` (grid-frame.tsx). */
export function gridHtml(grid: Grid, publicPath = ''): string {
  const { columns, groups, label } = grid
  const head = columns.map(column => headHtml(column, publicPath)).join('')
  const width = columns.length > columnsFitting ? ' many' : columns.length < columnsFew ? ' few' : ''
  return `<table class="grid${width}" aria-label="${escapeHtml(label)}"><colgroup span=2></colgroup>${bandsHtml(columns)}
<thead><tr><th scope=col class=os>System<th scope=col class=host>Host${head}</thead>${groups.map(group => groupHtml(group, grid, publicPath)).join('')}</table>`
}

/** A colgroup for each family, so that every second family can have a band. */
function bandsHtml(columns: readonly GridColumn[]): string {
  const spans: { family: number; span: number }[] = []
  for (const { family } of columns) {
    const last = spans.at(-1)
    if (last?.family === family) last.span++
    else spans.push({ family, span: 1 })
  }
  return spans.map(({ span }, index) => `<colgroup span=${span}${index % 2 ? ' class=band' : ''}></colgroup>`).join('')
}

function headHtml({ arch, href }: GridColumn, publicPath: string): string {
  const name = escapeHtml(arch)
  const title = arch.length > 8 ? ` title="${name}"` : ''
  return `<th scope=col>${href === null ? name : `<a href="${publicPath}${escapeHtml(href)}"${title}>${name}</a>`}`
}

function groupHtml({ name, href, rows }: GridGroup, grid: Grid, publicPath: string): string {
  const text = escapeHtml(name === '' ? 'other' : name)
  const link = href === null ? text : `<a href="${publicPath}${escapeHtml(href)}">${text}</a>`
  const heading = `<th scope=rowgroup class=os rowspan=${rows.length}>${link}`
  return `\n<tbody>${rows.map((row, index) => rowHtml(row, index === 0 ? heading : '', grid, publicPath)).join('')}`
}

function rowHtml(row: GridRow, heading: string, { columns, at }: Grid, publicPath: string): string {
  const { host, href, note, warning, boxes } = row
  const name = escapeHtml(host)
  const title = host.length > nameCharacters ? ` title="${name}"` : ''
  const small = warning ?? note
  const more = small === '' ? '' : ` <small>${escapeHtml(small)}</small>`
  const cells = columns.map(({ arch }, index) => {
    const box = boxes[index]
    return box ? boxHtml(arch, box, at, publicPath) : '<td>'
  })
  return `\n<tr>${heading}<th scope=row class="host${warning === null ? '' : ' warn'}"><a href="${publicPath}${escapeHtml(href)}"${title}>${name}</a>${more}${cells.join('')}`
}

function boxHtml(arch: string, box: GridBox, at: Date, publicPath: string): string {
  const { look, timedOut, activity } = box
  const names = [
    look === 'passed' ? '' : look,
    timedOut ? 'late' : '',
    activity === null || activity === look ? '' : `and-${activity}`,
  ]
  const name = names.filter(Boolean).join(' ')
  const cell = name === '' ? '<td>' : name.includes(' ') ? `<td class="${name}">` : `<td class=${name}>`
  return `${cell}<a href="${publicPath}${escapeHtml(box.href)}">${insideHtml(escapeHtml(arch), box, at)}</a>`
}

function insideHtml(arch: string, box: GridBox, at: Date): string {
  const { before, shown, count, after } = boxWords(box, at)
  // A telephone shows the arch of each box, but of a passed box it hides the second text.
  if (box.look === 'passed') return `<i>${arch}</i><i>: passed${after}</i>`
  const counted = count === '' ? '' : ` <small>${count}</small>`
  return `<i>${arch}: ${before}</i>${escapeHtml(shown)}${counted}${after === '' ? '' : `<i>${escapeHtml(after)}</i>`}`
}

/** The address of a box's page. `query` selects the cells, such as `project=base`; it may be empty. */
export const boxPath = (host: string, arch: string, query = ''): string =>
  `/cells/${segment(host)}/${segment(arch)}${query === '' ? '' : `?${query}`}`
