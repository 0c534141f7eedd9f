import type { Context } from '../context.ts'

/** A branch that was deleted in the repository. Its builds and its history stay. */
export interface DeletedBranch {
  project: string
  branch: string
  at: Date
}

/** The deleted branches with this name, of one project or of all projects. The branch that was deleted last is first. */
export const findDeletedBranches = (
  { db }: Context,
  branch: string,
  project: string | undefined,
): Promise<DeletedBranch[]> => db.query<DeletedBranch>`
  SELECT branch."projectName" AS "project", branch."name" AS "branch", branch."removedAt" AS "at"
    FROM "Project" project JOIN "Branch" branch ON branch."projectName" = project."name"
   WHERE branch."name" = ${branch} AND branch."removedAt" IS NOT NULL AND project."removedAt" IS NULL
     AND (${project ?? null}::text IS NULL OR project."name" = ${project ?? null})
   ORDER BY branch."removedAt" DESC, branch."projectName"`
