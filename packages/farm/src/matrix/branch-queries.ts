import type { ProjectConfig } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { mainBranch, mainBranchNames } from './main-branch.rule.ts'

/** The built branches of a project, and the branch that its matrix shows. */
export interface ProjectBranches {
  /** The main branch, or the branch that the reader chose. */
  shown: string
  /** At most `branchesMax` branches, and the possible main branches. The branch with the newest push is first. */
  built: string[]
  /** When the shown branch was deleted in the repository; null if it exists. */
  removedAt: Date | null
}

const branchesMax = 50

/**
 * The branches of these projects. If `branch` is set, the result has only projects in which that branch was built. A
 * branch that was deleted in the repository does not count, unless `history` is true and `branch` names it.
 */
export async function projectBranches(
  { db }: Context,
  projects: readonly ProjectConfig[],
  branch?: string,
  { history = false } = {},
): Promise<Map<string, ProjectBranches>> {
  const removed = history && branch !== undefined ? branch : null
  const rows = await db.query<{
    project: string
    defaultBranch: string | null
    name: string | null
    removedAt: Date | null
  }>`
    SELECT project."name" AS "project", project."defaultBranch", found."name", found."removedAt"
      FROM "Project" project
      LEFT JOIN LATERAL (
       (SELECT "name", "pushedAt", "removedAt" FROM "Branch" WHERE "projectName" = project."name" AND "removedAt" IS NULL
         ORDER BY "pushedAt" DESC LIMIT ${branchesMax})
       UNION
       SELECT "name", "pushedAt", "removedAt" FROM "Branch"
        WHERE "projectName" = project."name" AND "name" = ANY(${namesOf(projects, branch)}::text[] || project."defaultBranch")
          AND ("removedAt" IS NULL OR "name" = ${removed})
     ) found ON true
     WHERE project."name" = ANY(${projects.map(({ name }) => name)})
     ORDER BY found."pushedAt" DESC, found."name"`
  const built = new Map<string, string[]>()
  const defaults = new Map<string, string | null>()
  const removals = new Map<string, Date>()
  for (const { project, defaultBranch, name, removedAt } of rows) {
    if (removedAt !== null) removals.set(project, removedAt)
    defaults.set(project, defaultBranch)
    if (name !== null) built.set(project, [...(built.get(project) ?? []), name])
  }
  const all = projects.map(project => {
    const names = built.get(project.name) ?? []
    const main = mainBranch(project, names, defaults.get(project.name) ?? null)
    return [
      project.name,
      { shown: branch ?? main, built: names, removedAt: removals.get(project.name) ?? null },
    ] as const
  })
  return new Map(all.filter(([, { built: names }]) => branch === undefined || names.includes(branch)))
}

/** Branches to search by name, because their last push may be long ago. The query adds the default branch. */
const namesOf = (projects: readonly ProjectConfig[], branch: string | undefined): string[] => [
  ...new Set(branch === undefined ? projects.flatMap(project => mainBranchNames(project, null)) : [branch]),
]

/** The branch that a project's matrix shows before any branch was built. */
export async function expectedMainBranch({ db }: Pick<Context, 'db'>, project: ProjectConfig): Promise<string> {
  const [row] = await db.query<{ defaultBranch: string | null }>`
    SELECT "defaultBranch" FROM "Project" WHERE "name" = ${project.name}`
  return mainBranch(project, [], row?.defaultBranch ?? null)
}
