import type { Contexts } from '../context.ts'
import { beginLook, compareRefs, endLook, failLook, type Look, type LookEnd, listDueLooks, wantLooks } from './look.ts'
import { listPolledRepositories } from './polling-queries.ts'
import type { SeenRefs } from './ref-changes.rule.ts'

export type { Look as RepositoryLook, LookEnd } from './look.ts'
export type { PolledRepositoryView } from './polling-queries.ts'
export type { FoundChange, RefChanges, SeenRefs } from './ref-changes.rule.ts'

/** The farm's own looks at the branches and tags of repositories. */
export const pollingMethods = ({ main, pages }: Contexts) => ({
  /** Makes the farm look at every repository now. */
  wantLooks: () => wantLooks(main),
  /** The repositories at which the farm must look now. */
  listDue: () => listDueLooks(main),
  /** Begins a look; undefined if another server looks. End it with `end` or `fail`. */
  begin: (repository: string) => beginLook(main, repository),
  /** What changed since the last look. */
  compare: (look: Look, seen: SeenRefs) => compareRefs(main, look, seen),
  /** Stores what a look has found, and when the next one is. */
  end: (look: Look, end: LookEnd) => endLook(main, look, end),
  /** Stores why the farm could not look, and when it tries again. */
  fail: (look: Look, problem: string) => failLook(main, look, problem),

  /** The repositories of a project, with the problem of the newest look. */
  list: (project: string) => listPolledRepositories(pages, project),
})
