import { hideSecrets } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { triggersOf } from './ref-changes.rule.ts'

/** A repository of a project, and the farm's newest look at it. */
export interface PolledRepositoryView {
  /** Without secrets. */
  repository: string
  /** The project's own repository, or the name of a source. */
  source: string | null
  /** Null: the farm looks only when a server starts. */
  everySeconds: number | null
  /** When the newest look without a problem began. */
  lookedAt: Date | null
  /** When the farm looks next; null: at the next start. */
  nextAt: Date | null
  /** Why the newest look failed, or why the farm does not watch all branches. */
  problem: string | null
  failingSince: Date | null
}

/** The repositories of a project at whose branches the farm looks. At most nine: the project's own, and its sources. */
export async function listPolledRepositories(context: Context, name: string): Promise<PolledRepositoryView[]> {
  const project = (await projectConfigs(context)).get(name)
  if (!project) return []
  const sources = project.sources.filter(source => triggersOf(project, source.repository).includes(source))
  const wanted = [
    { repository: project.repository, source: null },
    ...sources.map(({ repository, name: source }) => ({ repository, source })),
  ]
  const rows = await context.db.query<Omit<PolledRepositoryView, 'source'>>`
    SELECT "repository", "everySeconds", "lookedAt", "nextAt", "problem", "failingSince" FROM "PolledRepository"
     WHERE "repository" = ANY(${wanted.map(({ repository }) => repository)})`
  const found = new Map(rows.map(row => [row.repository, row]))
  return wanted.flatMap(({ repository, source }) => {
    const row = found.get(repository)
    return row ? [{ ...row, repository: hideSecrets(repository), source }] : []
  })
}
