import { type Look, looks } from '@rumpfarm/farm'
import type { FastifyRequest } from 'fastify'
import { queryWord } from '../../query.ts'

/** What the matrix page shows. Every value is in the address of the page. */
export interface MatrixView {
  /** If set, the matrix shows only this project. */
  project?: string | undefined
  /** If not set, the matrix shows each project's main branch. */
  branch?: string | undefined
  host?: string | undefined
  os?: string | undefined
  arch?: string | undefined
  variant?: string | undefined
  status?: Look | undefined
  trouble?: boolean | undefined
  /** Also the hosts and arches without a box. */
  empty?: boolean | undefined
  /** The table with all milestones instead of the grid. */
  detailed?: boolean | undefined
}

export function viewOf(request: FastifyRequest): MatrixView {
  const word = (name: string) => queryWord(request, name)
  const status = word('status')
  return {
    project: word('project'),
    branch: word('branch'),
    host: word('host'),
    os: word('os'),
    arch: word('arch'),
    variant: word('variant'),
    status: looks.find(look => look === status),
    trouble: word('trouble') === '1',
    empty: word('empty') === '1',
    detailed: word('view') === 'detailed',
  }
}

/** The address of the matrix page with this view and these changes. */
export function matrixPath(view: MatrixView, changes: MatrixView = {}): string {
  const query = queryOf({ ...view, ...changes })
  return query === '' ? '/' : `/?${query}`
}

/** The part of a view that selects cells, for the addresses of boxes. */
export const cellQuery = ({ project, branch, variant }: MatrixView): string => queryOf({ project, branch, variant })

function queryOf({ trouble, empty, detailed, ...words }: MatrixView): string {
  const values: [string, string | undefined][] = [
    ...Object.entries(words),
    ['trouble', trouble ? '1' : undefined],
    ['empty', empty ? '1' : undefined],
    ['view', detailed ? 'detailed' : undefined],
  ]
  const given = values.filter((value): value is [string, string] => value[1] !== undefined)
  return new URLSearchParams(given).toString()
}
