import type { Box } from '@rumpfarm/farm'

/**
 * A dense table of hosts and arches, with one small box for each host and arch. The matrix page and the page of a build
 * show it. `gridHtml` (grid-html.ts) writes it; styles/grid.css and client/grid.js belong to it.
 *
 * Links have no public path; `gridHtml` adds it.
 */
export interface Grid {
  /** The name of the table for screen readers. */
  label: string
  /** The time of the page. Ages in the boxes refer to it. */
  at: Date
  columns: readonly GridColumn[]
  /** Rows in groups: one group for each operating system. */
  groups: readonly GridGroup[]
}

export interface GridColumn {
  arch: string
  /** Columns with the same number are of one family. Every second family has a faint band. */
  family: number
  /** Null if the heading is no link. */
  href: string | null
}

export interface GridGroup {
  /** The operating system; empty if it is unknown. */
  name: string
  href: string | null
  rows: readonly GridRow[]
}

export interface GridRow {
  host: string
  href: string
  /** A few characters after the name, such as the release of the system. */
  note: string
  /** If set, replaces the note: why this host needs attention, such as `silent 3 d`. */
  warning: string | null
  /** One for each column. Null if the host does not build for the arch. */
  boxes: readonly (GridBox | null)[]
}

export interface GridBox extends Box {
  href: string
}
