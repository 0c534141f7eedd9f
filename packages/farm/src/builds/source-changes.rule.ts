/** The commit of each source of a build; the first source is the project's own repository. */
export interface BuildSource {
  name: string
  repository: string
  commit: string
}

export interface ChangedSource {
  name: string
  repository: string
  /** The commit of the earlier build. Null if that build did not have this source, or had it from another repository. */
  before: string | null
  after: string
}

/** The sources whose commits differ between two builds. A source is the same if its name and its repository are. */
export function changedSources(before: readonly BuildSource[], after: readonly BuildSource[]): ChangedSource[] {
  const known = new Map(before.map(({ name, repository, commit }) => [`${name}\n${repository}`, commit]))
  return after
    .map(({ name, repository, commit }) => ({
      name,
      repository,
      before: known.get(`${name}\n${repository}`) ?? null,
      after: commit,
    }))
    .filter(source => source.before !== source.after)
}

interface Counted {
  total: number | null
  commits: readonly unknown[]
}

/** The number of commits in all ranges; null if the farm does not know all of them. */
export function commitsIn(changes: readonly Counted[]): number | null {
  const totals = changes.map(({ total }) => total)
  return totals.some(total => total === null) ? null : totals.reduce<number>((sum, total) => sum + (total ?? 0), 0)
}
