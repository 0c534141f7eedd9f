import type { ProjectConfig } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { mainBranch, mainBranchNames } from './main-branch.rule.ts'

/** The built branches of a project, and the branch that its matrix shows. */
export interface ProjectBranches {
  /** The main branch, or the branch that the reader chose. */
  shown: string
  /** At most `branchesMax` branches, and the possible main branches. The branch with the newest push is first. */
  built: string[]
}

const branchesMax = 50

/** The branches of these projects. If `branch` is set, the result has only projects in which that branch was built. */
export async function projectBranches(
  { db }: Context,
  projects: readonly ProjectConfig[],
  branch?: string,
): Promise<Map<string, ProjectBranches>> {
  const rows = await db.query<{ project: string; name: string }>`
    SELECT project."name" AS "project", found."name"
      FROM unnest(${projects.map(({ name }) => name)}::text[]) AS project("name")
     CROSS JOIN LATERAL (
       (SELECT "name", "pushedAt" FROM "Branch" WHERE "projectName" = project."name"
         ORDER BY "pushedAt" DESC LIMIT ${branchesMax})
       UNION
       SELECT "name", "pushedAt" FROM "Branch" WHERE "projectName" = project."name" AND "name" = ANY(${namesOf(projects, branch)})
     ) found
     ORDER BY found."pushedAt" DESC, found."name"`
  const built = new Map<string, string[]>()
  for (const { project, name } of rows) built.set(project, [...(built.get(project) ?? []), name])
  const all = projects.map(project => {
    const names = built.get(project.name) ?? []
    return [project.name, { shown: branch ?? mainBranch(project, names), built: names }] as const
  })
  return new Map(all.filter(([, { built: names }]) => branch === undefined || names.includes(branch)))
}

/** Branches to search by name, because their last push may be long ago. */
const namesOf = (projects: readonly ProjectConfig[], branch: string | undefined): string[] => [
  ...new Set(branch === undefined ? projects.flatMap(mainBranchNames) : [branch]),
]
