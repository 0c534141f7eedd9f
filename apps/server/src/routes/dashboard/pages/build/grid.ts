import { type BuildEffects, type BuildView, buildGrid, type JobSummary } from '@rumpfarm/farm'
import { segment } from '../../components/escape.ts'
import type { Grid } from '../../components/grid/grid.ts'

/** The jobs of a build in the grid of the matrix. Each box links to its worst job. */
export function gridOf(build: BuildView, { jobs }: BuildEffects, at: Date): Grid {
  const summaries = new Map(build.jobs.map(job => [job.id, job]))
  const known = jobs.flatMap(job => {
    const summary = summaries.get(job.jobId)
    return summary ? [{ ...job, ...stateOf(summary) }] : []
  })
  const { columns, groups } = buildGrid(known)
  return {
    label: `Results of build ${build.id} by host and architecture`,
    at,
    columns: columns.map(column => ({ ...column, href: null })),
    groups: groups.map(({ os, rows }) => ({
      name: os,
      href: null,
      rows: rows.map(({ host, release, boxes }) => ({
        host,
        href: `/hosts/${segment(host)}`,
        note: release,
        warning: null,
        boxes: boxes.map(box => box && { ...box, href: `/jobs/${box.jobId}` }),
      })),
    })),
  }
}

const stateOf = ({ state, verdict, failedStep, startedAt, finishedAt, queuedAt }: JobSummary) => ({
  state,
  verdict,
  failedStep,
  at: finishedAt ?? startedAt ?? queuedAt,
})
