import { segment } from './escape.ts'

interface CellName {
  project: string
  host: string
  arch: string
  variant: string
}

/** The path of the page of a cell. Without a branch, the page shows the main branch. */
export const cellPath = ({ project, host, arch, variant }: CellName): string =>
  `/projects/${segment(project)}/cells/${segment(host)}/${segment(arch)}/${segment(variant)}`

export const cellPathOn = (cell: CellName & { branch: string }): string =>
  `${cellPath(cell)}?branch=${segment(cell.branch)}`
