import type { Matrix, MatrixCell } from '@rumpfarm/farm'
import { type CsvColumns, csvHeader, csvRows } from '../../http/csv.ts'

/**
 * Writes the matrix for a terminal or a mail. Each project, branch and variant has a table, with a row for each host
 * and a column for each arch.
 */
export function matrixText(matrix: Matrix): string {
  const kinds = new Map<string, MatrixCell[]>()
  for (const cell of matrix.cells) {
    const kind = [cell.project, cell.branch, ...(cell.variant === 'default' ? [] : [cell.variant])].join(' ')
    kinds.set(kind, [...(kinds.get(kind) ?? []), cell])
  }
  if (kinds.size === 0) return 'No cells: the farm has no hosts, or no project builds on them.\n'
  return [...kinds].map(([kind, cells]) => `${kind}\n\n${textTable(cells)}`).join('\n')
}

function textTable(cells: readonly MatrixCell[]): string {
  const hosts = [...new Set(cells.map(cell => cell.host))]
  const arches = [...new Set(cells.map(cell => cell.arch))].sort()
  const byHostAndArch = new Map(cells.map(cell => [`${cell.host}\n${cell.arch}`, cell]))
  const rows = hosts.map(host => [host, ...arches.map(arch => archText(arch, byHostAndArch.get(`${host}\n${arch}`)))])
  return align([['host', ...arches], ...rows])
}

/** Names the arch in each cell, because the columns are lost if a mail or a terminal wraps the lines. */
const archText = (arch: string, cell: MatrixCell | undefined): string => (cell ? `${arch}: ${cellText(cell)}` : '-')

/** For example `failed tests since 2f1c9a0 2024-05-06 (running build)`. A dash means that the farm expects no build. */
function cellText(cell: MatrixCell): string {
  const { last, active } = cell
  const doing = active ? ` (${[active.state, active.step].filter(Boolean).join(' ')})` : ''
  if (!last) return `${cell.prevented ?? 'never ran'}${doing}`
  const { commit, at } = last.since
  const other = last.changed ? `, different failure before ${last.changed.commit.slice(0, 7)}` : ''
  const how = cell.retrying ? 'retrying' : [last.verdict, last.failedStep].filter(Boolean).join(' ')
  const known = cell.known === null ? '' : `; ${knownText(cell)}`
  const now = cell.prevented === null ? '' : `; now ${cell.prevented}`
  return `${how} since ${commit.slice(0, 7)} ${at.toISOString().slice(0, 10)}${other}${doing}${now}${known}${stateText(cell)}`
}

const newStates: Record<string, string> = {
  'newly-failing': 'newly failing',
  'newly-failing-unconfirmed': 'newly failing, unconfirmed',
  fixed: 'fixed',
}

function stateText({ last, acknowledged }: MatrixCell): string {
  if (!last) return ''
  const { state, flakiness } = last
  return [
    newStates[state] ?? '',
    flakiness.flaky ? `flaky, ${flakiness.changes} changes in ${flakiness.results} results` : '',
    last.testsMissing ? 'tests missing' : '',
    acknowledged ? `acknowledged by ${acknowledged.owner}: ${acknowledged.note}` : '',
  ]
    .filter(Boolean)
    .map(text => `; ${text}`)
    .join('')
}

/** The reason that farm.yaml gives for a known failure. If the cell passes, the operator can remove the reason. */
export const knownText = ({ known, last }: MatrixCell): string =>
  known === null ? '' : `${last?.verdict === 'passed' ? 'was known' : 'known'} to fail: ${known}`

function align(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row => `${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .map(line => `${line}\n`)
    .join('')
}

const columns: CsvColumns<MatrixCell> = [
  ['host', cell => cell.host],
  ['arch', cell => cell.arch],
  ['project', cell => cell.project],
  ['branch', cell => cell.branch],
  ['variant', cell => cell.variant],
  ['verdict', cell => cell.last?.verdict],
  ['failedStep', cell => cell.last?.failedStep],
  ['commit', cell => cell.last?.commit],
  ['jobId', cell => cell.last?.jobId],
  ['buildId', cell => cell.last?.buildId],
  ['finishedAt', cell => cell.last?.finishedAt],
  ['sinceCommit', cell => cell.last?.since.commit],
  ['sinceAt', cell => cell.last?.since.at],
  ['lastGoodCommit', cell => cell.last?.lastGood?.commit],
  ['lastGoodAt', cell => cell.last?.lastGood?.at],
  ['activeState', cell => cell.active?.state],
  ['activeStep', cell => cell.active?.step],
  ['prevented', cell => cell.prevented],
  ['known', cell => cell.known],
  ['state', cell => cell.last?.state],
  ['fingerprint', cell => cell.last?.fingerprint],
  ['message', cell => cell.last?.message],
  ['flaky', cell => cell.last && (cell.last.flakiness.flaky ? 'yes' : 'no')],
  ['acknowledged', cell => cell.acknowledged && `${cell.acknowledged.owner}: ${cell.acknowledged.note}`],
  ['expectedMs', cell => cell.last?.expectedMs],
  ['testsMissing', cell => cell.last && (cell.last.testsMissing ? 'yes' : 'no')],
]

/** Writes the matrix as CSV (RFC 4180), with a line for each cell. */
export const matrixCsv = ({ cells }: Matrix): string => csvHeader(columns) + csvRows(columns, cells)
