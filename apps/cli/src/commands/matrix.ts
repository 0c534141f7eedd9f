import { command } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import type { Style } from '../terminal/style.ts'
import { width } from '../terminal/table.ts'
import { failureLines } from './failure-lines.ts'
import {
  groupFailures,
  isFailure,
  lookOf,
  looks,
  lookWords,
  type Matrix,
  type MatrixCell,
  matrixExit,
} from './looks.ts'

/** The worst cell of a host and an arch, for all projects and variants. */
interface MatrixBox {
  word: string
  colour: (typeof lookWords)['new']['colour']
}

function boxOf(cells: readonly MatrixCell[]): MatrixBox {
  const found = cells.map(lookOf)
  const worst = looks.findLast(look => found.includes(look)) ?? 'unexpected'
  const { word, colour } = lookWords[worst]
  const failing = found.filter(isFailure).length
  const share = failing > 0 && cells.length > 1 ? ` ${failing}/${cells.length}` : ''
  return { word: `${word}${share}${cells.some(({ active }) => active) ? '*' : ''}`, colour }
}

interface Grid {
  arches: string[]
  rows: { host: string; boxes: MatrixBox[] }[]
}

function gridOf({ cells, hosts, arches }: Matrix, isFailingOnly: boolean): Grid {
  const byBox = new Map<string, MatrixCell[]>()
  for (const cell of cells) {
    const key = JSON.stringify([cell.host, cell.arch])
    byBox.set(key, [...(byBox.get(key) ?? []), cell])
  }
  const names = [...new Set([...hosts.map(({ name }) => name), ...cells.map(({ host }) => host)])]
  const failing = new Set(cells.filter(cell => isFailure(lookOf(cell))).map(({ host }) => host))
  const rows = names
    .filter(host => !isFailingOnly || failing.has(host))
    .map(host => ({ host, boxes: arches.map(arch => boxOf(byBox.get(JSON.stringify([host, arch])) ?? [])) }))
  return { arches, rows }
}

/** The lines of a grid. If it is wider than the terminal, the arches are in several bands. */
export function gridLines({ arches, rows }: Grid, { style, columns }: { style: Style; columns: number }): string[] {
  if (rows.length === 0) return []
  const left = Math.max(4, ...rows.map(({ host }) => width(clean(host))))
  const widths = arches.map((arch, column) =>
    Math.max(width(clean(arch)), ...rows.map(({ boxes }) => width(boxes[column]?.word ?? ''))),
  )
  return bandsOf(widths, columns - left).flatMap((band, index) => [
    ...(index > 0 ? [''] : []),
    [
      style('bold', 'HOST'.padEnd(left)),
      ...band.map(column => style('bold', padded(arches[column] ?? '', widths[column]))),
    ]
      .join('  ')
      .trimEnd(),
    ...rows.map(({ host, boxes }) =>
      [
        clean(host).padEnd(left),
        ...band.map(column => {
          const { word = '-', colour } = boxes[column] ?? {}
          return `${style(colour, word)}${' '.repeat((widths[column] ?? 0) - width(word))}`
        }),
      ]
        .join('  ')
        .trimEnd(),
    ),
  ])
}

const padded = (text: string, columns = 0): string => clean(text).padEnd(columns)

/** The numbers of the columns that fit beside each other. A band has one column at least. */
function bandsOf(widths: readonly number[], columns: number): number[][] {
  const bands: number[][] = [[]]
  let used = 0
  widths.forEach((columnWidth, column) => {
    const band = bands.at(-1) ?? []
    if (band.length > 0 && used + columnWidth + 2 > columns) {
      bands.push([column])
      used = columnWidth + 2
    } else {
      band.push(column)
      used += columnWidth + 2
    }
  })
  return bands
}

const text = (value: string, says: string) => ({ kind: 'text', value, says }) as const

export const matrix = command({
  says: 'Show the newest result of each host and architecture.',
  more: [
    'A box shows the worst result of all projects and variants; "FAIL 2/8" means that two of its eight cells fail.',
    'The exit code is 1 if a cell fails and nobody has acknowledged the failure.',
  ],
  flags: {
    project: { ...text('NAME', 'only this project'), completes: 'project' },
    branch: text('BRANCH', 'this branch instead of the main branch'),
    host: { ...text('PATTERN', 'a part of the name, or a pattern with *'), completes: 'host' },
    os: text('NAME', 'only hosts with this operating system'),
    arch: text('NAME', 'only this architecture'),
    variant: text('NAME', 'only this variant'),
    failing: { kind: 'switch', says: 'only hosts with a failure' },
  },
  examples: ['matrix --project buildrump --os NetBSD', 'matrix --failing'],
  async run({ farm, style, out }, { flags: { failing, ...filters } }) {
    const given = Object.entries(filters).filter(([, value]) => value !== undefined)
    const query = Object.fromEntries(given) as { project?: string }
    const found = await (await farm()).get('/api/v1/matrix', { params: { query } })
    const grid = gridOf(found, failing)
    const groups = groupFailures(found.cells)
    const used = looks.filter(look => found.cells.some(cell => lookOf(cell) === look))
    const legend = used.map(look => `${style(lookWords[look].colour, lookWords[look].word)} ${lookWords[look].says}`)
    if (found.cells.some(({ active }) => active)) legend.push('* a job waits or runs')
    return {
      value: found,
      lines: [
        ...found.branches.map(({ project, shown }) => clean(`${project} ${shown}`)),
        ...(found.branches.length > 0 ? [''] : []),
        ...gridLines(grid, { style, columns: out.columns() }),
        ...(legend.length > 0 ? ['', legend.join(' · ')] : ['no cells']),
        ...(groups.length > 0 ? ['', ...failureLines(groups, style)] : []),
      ],
      exit: matrixExit(found.cells),
    }
  },
})
