import type { ProjectConfig } from '@rumpfarm/contracts'
import { type CellPlace, planJobs } from '../builds/plan.rule.ts'
import { plannedHosts } from '../builds/planned-hosts.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { expectedMainBranch } from '../matrix/branch-queries.ts'

/**
 * The cells of the main branch whose newest result is older than `at-least-every`, or that have none. Leaves out the cells
 * for which a job waits or runs.
 */
export async function listOldCells(context: Context, project: ProjectConfig): Promise<CellPlace[]> {
  const at = context.now()
  const branch = await expectedMainBranch(context, project)
  const wanted = planJobs(project, await plannedHosts(context), branch).map(({ hostId, arch, variant }) => ({
    hostId,
    arch,
    variant,
  }))
  return context.db.query<CellPlace>`
    SELECT wanted."hostId", wanted."arch", wanted."variant"
      FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS wanted("hostId" int, "arch" text, "variant" text)
      LEFT JOIN "Cell" cell ON cell."projectName" = ${project.name} AND cell."branch" = ${branch} AND cell."hostId" = wanted."hostId"
       AND cell."arch" = wanted."arch" AND cell."variant" = wanted."variant"
     WHERE (cell."finishedAt" IS NULL OR cell."finishedAt" < ${later(at, -(project.atLeastEverySeconds ?? 0))})
       AND NOT EXISTS (
         SELECT FROM "Attempt" a JOIN "Job" job ON job."id" = a."jobId" JOIN "Build" build ON build."id" = job."buildId"
          WHERE a."hostId" = wanted."hostId" AND a."state" <> 'finished' AND job."arch" = wanted."arch" AND job."variant" = wanted."variant"
            AND build."projectName" = ${project.name} AND ${ofBranch})`
}
