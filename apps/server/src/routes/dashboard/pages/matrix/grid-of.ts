import type { Box, Glance, GlanceRow } from '@rumpfarm/farm'
import { segment } from '../../components/escape.ts'
import type { Grid, GridBox, GridRow } from '../../components/grid/grid.ts'
import { boxPath } from '../../components/grid/grid-html.ts'
import { age } from '../../components/times.ts'
import { cellQuery, type MatrixView, matrixPath } from './view.ts'

/** The grid of the matrix page. */
export function gridOf({ at, columns, groups }: Glance, view: MatrixView): Grid {
  const query = cellQuery(view)
  return {
    label: 'Results by host and architecture',
    at,
    columns: columns.map(({ arch, family }) => ({ arch, family, href: matrixPath(view, { arch }) })),
    groups: groups.map(({ os, rows }) => ({
      name: os,
      href: os === '' ? null : matrixPath(view, { os }),
      rows: rows.map(row => rowOf(row, columns, query, at)),
    })),
  }
}

function rowOf({ host, boxes }: GlanceRow, columns: Glance['columns'], query: string, at: Date): GridRow {
  const { name, release } = host
  return {
    host: name,
    href: `/hosts/${segment(name)}`,
    note: release,
    warning: warningOf(host, at),
    boxes: boxes.map((box, index) => box && gridBox(box, boxPath(name, columns[index]?.arch ?? '', query))),
  }
}

/** Without spread, because spread needs several microseconds for each of a thousand boxes. */
const gridBox = ({ look, step, timedOut, sinceMs, activity, count, of }: Box, href: string): GridBox => ({
  look,
  step,
  timedOut,
  sinceMs,
  activity,
  count,
  of,
  href,
})

function warningOf({ presence, lastSeenAt, refusal }: GlanceRow['host'], at: Date): string | null {
  if (presence === 'silent' || presence === 'away') return `${presence} ${age(lastSeenAt, at)}`
  if (presence === 'paused') return presence
  return refusal === null ? null : 'takes no jobs'
}
