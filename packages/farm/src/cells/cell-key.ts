import type { ProjectConfig } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { projectBranches } from '../matrix/branch-queries.ts'
import type { CellKey } from '../matrix/cell-results.ts'
import { projectConfigs } from '../projects/project-queries.ts'

/** A cell as an address names it. */
export interface CellAddress {
  project: string
  host: string
  arch: string
  variant: string
  /** By default the main branch of the project. */
  branch?: string | undefined
}

export interface ProjectBranch {
  project: ProjectConfig
  branch: string
  /** The branches that were built. The branch with the newest push is first. */
  branches: string[]
  /** When the branch was deleted in the repository; null if it exists. */
  removedAt: Date | null
}

export type BranchOutcome = ({ kind: 'found' } & ProjectBranch) | UnknownProject | UnknownBranch
export type UnknownProject = { kind: 'unknown-project'; known: string[] }
export type UnknownBranch = { kind: 'unknown-branch'; branch: string; known: string[] }

/** The project, and the branch of this name or the project's main branch. */
export async function findBranch(context: Context, name: string, branch?: string): Promise<BranchOutcome> {
  const projects = await projectConfigs(context)
  const project = projects.get(name)
  if (!project) return { kind: 'unknown-project', known: [...projects.keys()] }
  const found = (await projectBranches(context, [project], branch, { history: true })).get(name)
  if (!found) {
    const main = (await projectBranches(context, [project])).get(name)
    return { kind: 'unknown-branch', branch: branch ?? '', known: main?.built ?? [] }
  }
  return { kind: 'found', project, branch: found.shown, branches: found.built, removedAt: found.removedAt }
}

/** The host of a cell, and whether the host builds for the arch now. */
export interface CellHost {
  id: number
  removedAt: Date | null
  pausedAt: Date | null
  /** Null if the host does not declare the arch. */
  unable: string | null
  declares: boolean
}

export async function findCellHost({ db }: Context, name: string, arch: string): Promise<CellHost | undefined> {
  const [row] = await db.query<CellHost>`
    SELECT host."id", host."removedAt", host."pausedAt", declared."unable", declared."arch" IS NOT NULL AS "declares"
      FROM "Host" host LEFT JOIN "HostArch" declared ON declared."hostId" = host."id" AND declared."arch" = ${arch}
     WHERE host."name" = ${name}`
  return row
}

export const keyOfCell = (
  { project, branch }: ProjectBranch,
  host: CellHost,
  { arch, variant }: CellAddress,
): CellKey => ({
  projectName: project.name,
  branch,
  hostId: host.id,
  arch,
  variant,
})
