import { hideSecrets } from '@rumpfarm/contracts'
import { between, type CommitView } from '../commits/between.ts'
import type { Context } from '../context.ts'
import type { PreparedSource } from './prepared-source.ts'
import { type BuildSource, type ChangedSource, changedSources } from './source-changes.rule.ts'

/** The changes of one source between two builds. The address has no secret. */
export interface SourceChange extends ChangedSource {
  /** The commits after `before`, up to and including `after`, newest first, along the first parents. */
  commits: CommitView[]
  /** The number of commits. Null if the farm does not know all of them; then `commits` has only some or none. */
  total: number | null
}

/** A page shows the changes of at most this many sources, and at most this many commits of each. */
const sourcesMax = 20
const commitsMax = 200

/** The changes of every source from an earlier build to a later build of the same project. */
export async function sourceChanges(
  context: Context,
  { from, to }: { from: number; to: number },
): Promise<SourceChange[]> {
  if (from === to) return []
  const [before, after] = await sourcesOf(context, [from, to])
  return Promise.all(
    changedSources(before ?? [], after ?? [])
      .slice(0, sourcesMax)
      .map(source => withCommits(context, source)),
  )
}

async function withCommits(context: Context, source: ChangedSource): Promise<SourceChange> {
  const { repository, before, after } = source
  const shown = { ...source, repository: hideSecrets(repository) }
  if (before === null) return { ...shown, commits: [], total: null }
  const { commits, complete } = await between(context, { repository, after: before, until: after, limit: commitsMax })
  if (complete) return { ...shown, commits, total: commits.length }
  // If `before` is not on the line of `after`, the newest commits of the line are not all between the two.
  return { ...shown, commits: commits.length === commitsMax ? commits : [], total: null }
}

interface SourcesRow {
  id: number
  commit: string
  project: string
  repository: string
  sources: string
  sourcesInfo: PreparedSource[] | null
}

/** The sources of these builds, in the order of the numbers. Before the sources are ready, only the first is known. */
async function sourcesOf({ db }: Context, ids: readonly number[]): Promise<BuildSource[][]> {
  const rows = await db.query<SourcesRow>`
    SELECT build."id", build."commit", build."projectName" AS "project", build."sources", build."sourcesInfo",
           project."config" ->> 'repository' AS "repository"
      FROM "Build" build JOIN "Project" project ON project."name" = build."projectName"
     WHERE build."id" = ANY(${[...ids]})`
  return ids.map(id => {
    const row = rows.find(build => build.id === id)
    if (!row) return []
    const { sources, sourcesInfo, project: name, repository, commit } = row
    const prepared = sources === 'ready' && sourcesInfo ? sourcesInfo : []
    return prepared.length > 0 ? prepared : [{ name, repository, commit }]
  })
}
