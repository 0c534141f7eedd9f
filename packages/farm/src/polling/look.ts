import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { ofBranch } from '../db/fragments.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { lookSecondsMax, nextLook } from './next-look.rule.ts'
import {
  branchPrefix,
  type FoundChange,
  type KnownRef,
  type PollingProject,
  type RefChanges,
  refChanges,
  type SeenRefs,
  tagPrefix,
  triggersOf,
} from './ref-changes.rule.ts'

/** The farm looks at this many repositories at the same time, so that a slow repository does not delay builds. */
export const looksAtOnce = 2

/** A look that this server has begun. */
export interface Look {
  repository: string
  startedAt: Date
  everySeconds: number | null
  lookedAt: Date | null
  failures: number
  /** Why the last look failed, or what it left out. */
  problem: string | null
  /** Whether a project builds tags of the repository. */
  tags: boolean
}

/** The repositories at which the farm must look now, the longest wait first. */
export async function listDueLooks({ db, now }: Context): Promise<string[]> {
  const rows = await db.query<{ repository: string }>`
    SELECT "repository" FROM "PolledRepository" WHERE "nextAt" <= ${now()} ORDER BY "nextAt", "repository"
     LIMIT GREATEST(0, ${looksAtOnce}::int - (SELECT count(*)::int FROM "PolledRepository" WHERE "startedAt" > ${later(now(), -lookSecondsMax)}))`
  return rows.map(({ repository }) => repository)
}

/** Makes the farm look at every repository now. A server calls this at its start, to find pushes of its downtime. */
export async function wantLooks({ db, now }: Context): Promise<void> {
  await db.execute`
    WITH locked AS (
      SELECT "repository" FROM "PolledRepository" WHERE ("nextAt" IS NULL OR "nextAt" > ${now()}) AND "startedAt" IS NULL
       ORDER BY "repository" FOR UPDATE
    )
    UPDATE "PolledRepository" SET "nextAt" = ${now()} WHERE "repository" IN (SELECT "repository" FROM locked)`
}

/** Begins a look. Undefined if another server looks, or has just looked. */
export async function beginLook(context: Context, repository: string): Promise<Look | undefined> {
  const at = context.now()
  const [row] = await context.db.query<Omit<Look, 'tags'>>`
    UPDATE "PolledRepository" SET "startedAt" = ${at}, "nextAt" = ${later(at, lookSecondsMax)}
     WHERE "repository" = ${repository} AND "nextAt" <= ${at}
    RETURNING "repository", "startedAt", "everySeconds", "lookedAt", "failures", "problem"`
  if (!row) return undefined
  const projects = await pollingProjects(context, repository)
  return {
    ...row,
    tags: projects.some(({ config }) => config.repository === repository && (config.tags ?? []).length > 0),
  }
}

async function pollingProjects(context: Context, repository: string): Promise<PollingProject[]> {
  const [configs, rows] = await Promise.all([
    projectConfigs(context),
    context.db.query<{ name: string }>`
      SELECT "name" FROM "Project" WHERE "removedAt" IS NULL AND "firstLookAt" IS NULL`,
  ])
  const unseen = new Set(rows.map(({ name }) => name))
  return [...configs.values()]
    .filter(config => config.repository === repository || triggersOf(config, repository).length > 0)
    .map(config => ({ config, isNew: unseen.has(config.name) }))
}

/** Compares what the repository has with the last look. Leaves out what a webhook has already told the farm. */
export async function compareRefs(context: Context, look: Look, seen: SeenRefs): Promise<RefChanges> {
  const [projects, known] = await Promise.all([
    pollingProjects(context, look.repository),
    context.db.query<KnownRef>`
      SELECT "ref", "commit", "missing" FROM "PolledRef" WHERE "repository" = ${look.repository} ORDER BY "ref"`,
  ])
  const found = refChanges(look.repository, projects, known, seen)
  const heard = await heardPushes(context, look, found.changes)
  const changes = found.changes.map(change => ({
    ...change,
    projects: change.projects.filter(project => !heard.has(`${project} ${change.ref} ${change.after}`)),
  }))
  const unheard = changes.filter(({ projects: names, after }) => names.length > 0 || after === null)
  const quiet = changes.filter(({ projects: names, after }) => names.length === 0 && after !== null)
  return {
    ...found,
    changes: unheard,
    same: [...found.same, ...quiet.map(({ ref, after }) => ({ ref, commit: after ?? '' }))],
  }
}

/** The branches and commits that somebody pushed or triggered since the last look. */
async function heardPushes({ db }: Context, { lookedAt }: Look, changes: readonly FoundChange[]): Promise<Set<string>> {
  const asked = changes.flatMap(({ ref, after, projects }) =>
    after !== null && ref.startsWith(branchPrefix)
      ? projects.map(project => ({ project, ref, branch: ref.slice(branchPrefix.length), commit: after }))
      : [],
  )
  if (asked.length === 0) return new Set()
  const rows = await db.query<{ project: string; ref: string; commit: string }>`
    SELECT DISTINCT asked."project", asked."ref", asked."commit"
      FROM jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) AS asked("project" text, "ref" text, "branch" text, "commit" text)
      JOIN "Build" build ON build."projectName" = asked."project" AND build."commit" = asked."commit" AND ${ofBranch}
      JOIN "Push" push ON push."buildId" = build."id" AND push."branch" = asked."branch"
       AND push."receivedAt" >= COALESCE(${lookedAt}::timestamptz, '-infinity')`
  return new Set(rows.map(({ project, ref, commit }) => `${project} ${ref} ${commit}`))
}

export interface LookEnd {
  found: RefChanges
  /** The changes that the farm has handled. It tries the others again. */
  handled: readonly FoundChange[]
  /** Why some changes were not handled; null if all were. */
  problem: string | null
}

/** Stores what a look has found, and when the next one is. */
export async function endLook(context: Context, look: Look, { found, handled, problem }: LookEnd): Promise<void> {
  const at = context.now()
  await inTransaction(context, async tx => {
    // The projects before the repositories, as a load of farm.yaml does.
    await tx.query`SELECT FROM "Project" WHERE "firstLookAt" IS NULL AND "removedAt" IS NULL ORDER BY "name" FOR NO KEY UPDATE`
    if (!(await holds(tx, look))) return
    await storeRefs(tx, look.repository, found, handled)
    if (problem !== null) return storeProblem(tx, look, problem)
    const own = (await pollingProjects({ ...context, db: { ...context.db, ...tx } }, look.repository))
      .filter(({ config, isNew }) => isNew && config.repository === look.repository)
      .map(({ config }) => config.name)
    await tx.execute`UPDATE "Project" SET "firstLookAt" = ${at} WHERE "name" = ANY(${own}) AND "firstLookAt" IS NULL`
    if (look.problem !== found.limit) tx.emit({ kind: 'pages-changed' })
    const next = found.more ? at : nextLook({ ...look, failures: 0 }, at, Math.random())
    await tx.execute`
      UPDATE "PolledRepository" SET "startedAt" = NULL, "lookedAt" = ${look.startedAt}, "failures" = 0,
             "problem" = ${found.limit}, "failingSince" = NULL, "nextAt" = ${next ?? null}
       WHERE "repository" = ${look.repository}`
  })
}

/** Stores why the farm could not look. The next try follows after a wait that grows up to an hour. */
export async function failLook(context: Context, look: Look, problem: string): Promise<void> {
  await inTransaction(context, async tx => {
    if (await holds(tx, look)) await storeProblem(tx, look, problem)
  })
}

/** Whether no other server has begun to look meanwhile. */
async function holds(tx: Tx, { repository, startedAt }: Look): Promise<boolean> {
  const rows = await tx.query`
    SELECT FROM "PolledRepository" WHERE "repository" = ${repository} AND "startedAt" = ${startedAt} FOR UPDATE`
  return rows.length > 0
}

async function storeProblem(tx: Tx, look: Look, problem: string): Promise<void> {
  if (look.problem !== problem) tx.emit({ kind: 'pages-changed' })
  const failures = look.failures + 1
  const at = tx.now()
  await tx.execute`
    UPDATE "PolledRepository" SET "startedAt" = NULL, "failures" = ${failures}, "problem" = ${problem},
           "failingSince" = COALESCE("failingSince", ${at}), "nextAt" = ${nextLook({ ...look, failures }, at, Math.random()) ?? null}
     WHERE "repository" = ${look.repository}`
}

async function storeRefs(
  tx: Tx,
  repository: string,
  found: RefChanges,
  handled: readonly FoundChange[],
): Promise<void> {
  const present = [
    ...found.same,
    ...handled.flatMap(({ ref, after }) => (after === null ? [] : [{ ref, commit: after }])),
  ]
  await tx.execute`
    INSERT INTO "PolledRef" AS known ("repository", "ref", "commit")
    SELECT ${repository}, "ref", "commit" FROM jsonb_to_recordset(${JSON.stringify(present)}::jsonb) AS seen("ref" text, "commit" text)
    ON CONFLICT ("repository", "ref") DO UPDATE SET "commit" = EXCLUDED."commit", "missing" = 0
     WHERE known."commit" <> EXCLUDED."commit" OR known."missing" > 0`
  await tx.execute`
    UPDATE "PolledRef" SET "missing" = "missing" + 1 WHERE "repository" = ${repository} AND "ref" = ANY(${found.missing})`
  const deleted = handled.filter(({ after }) => after === null).map(({ ref }) => ref)
  await tx.execute`DELETE FROM "PolledRef" WHERE "repository" = ${repository} AND "ref" = ANY(${deleted})`
}

export const isTag = (ref: string): boolean => ref.startsWith(tagPrefix)
