import type { ProjectConfig } from '@rumpfarm/contracts'
import { requestBuild } from '../builds/request-build.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { notePullRequestStatuses } from '../statuses/changes.ts'
import { type Approval, firstApproval, laterApproval, mayBuild, nextRead } from './approval.rule.ts'
import { cancelBuilds } from './cancel-builds.ts'

/** A pull request whose newest commit the farm must read with git. */
export interface PullRequestToExamine {
  id: number
  project: string
  number: number
  baseBranch: string
  headBranch: string
  headCommit: string
  headUrls: string[]
  fork: boolean
  headRef: string | null
  /** Rises with each change of the request. */
  version: number
}

/** The ids of the requests to examine now, oldest first. */
export async function listToExamine({ db, now }: Context, limit = 100): Promise<number[]> {
  const rows = await db.query<{ id: number }>`
    SELECT "id" FROM "PullRequest" WHERE "examineAt" <= ${now()} ORDER BY "examineAt", "id" LIMIT ${limit}`
  return rows.map(({ id }) => id)
}

export async function findToExamine({ db }: Context, id: number): Promise<PullRequestToExamine | undefined> {
  const [row] = await db.query<PullRequestToExamine>`
    SELECT "id", "projectName" AS "project", "number", "baseBranch", "headBranch", "headCommit", "headUrls", "fork", "headRef", "version"
      FROM "PullRequest" WHERE "id" = ${id} AND "examineAt" IS NOT NULL AND "state" = 'open'`
  return row
}

/** The newest commit of a pull request, as git reads it. */
export interface Head {
  commit: string
  /** False only if the configured repository has the commit as the tip of the branch of the request. */
  fork: boolean
}

export type ExamineOutcome =
  | { kind: 'built'; buildId: number; commit: string; created: boolean }
  /** An administrator must approve the commit, or has refused it. */
  | { kind: 'not-approved'; approval: Approval; commit: string }
  /** The request changed after the farm had read it: read it again. */
  | { kind: 'changed' }
  /** The request ended, or the project does not build it any more. */
  | { kind: 'nothing' }

/**
 * Records the newest commit, cancels the builds of older commits, and builds the commit if the farm may. A second call
 * with the same commit changes nothing.
 */
export async function recordHead(
  context: Context,
  { id, version }: Pick<PullRequestToExamine, 'id' | 'version'>,
  head: Head,
): Promise<ExamineOutcome> {
  const projects = await projectConfigs(context)
  const decided = await inTransaction(context, tx => decide(context, tx, { id, version }, head, projects))
  if (typeof decided === 'string') return { kind: decided }
  if (!mayBuild(decided.approval)) return { kind: 'not-approved', approval: decided.approval, commit: head.commit }
  const built = await requestBuild(context, requestOf(id, head, decided))
  const buildId = built.kind === 'built' || built.kind === 'repeated' ? built.buildId : null
  await markExamined(context, { id, version: version + 1 })
  if (buildId === null) return { kind: 'nothing' }
  return { kind: 'built', buildId, commit: head.commit, created: built.kind === 'built' && built.created }
}

interface Decided {
  project: string
  number: number
  hosts: string[]
  approval: Approval
  fork: boolean
  /** How often the request was opened again after the farm had cancelled the build of this commit. */
  round: number
}

async function decide(
  context: Context,
  tx: Tx,
  { id, version }: { id: number; version: number },
  head: Head,
  projects: ReadonlyMap<string, ProjectConfig>,
): Promise<Decided | 'changed' | 'nothing'> {
  const [known] = await tx.query<{ project: string; number: number }>`
    UPDATE "PullRequest" SET "headCommit" = ${head.commit}, "fork" = ${head.fork}, "problem" = NULL, "tries" = 0,
           "version" = "version" + 1
     WHERE "id" = ${id} AND "version" = ${version} AND "state" = 'open' RETURNING "projectName" AS "project", "number"`
  if (!known) return 'changed'
  const rule = projects.get(known.project)?.pullRequests
  if (!rule) {
    await tx.execute`UPDATE "PullRequest" SET "examineAt" = NULL WHERE "id" = ${id}`
    return 'nothing'
  }
  const before = await findCommit(tx, id, head.commit)
  const approval = before
    ? laterApproval(before.approval, before.decidedAt !== null, head.fork, rule.fromForks)
    : firstApproval(head.fork, rule.fromForks)
  const round = (before?.round ?? 0) + (before?.ended ? 1 : 0)
  await tx.execute`
    INSERT INTO "PullRequestCommit" ("pullRequestId", "commit", "seenAt", "fork", "approval", "round")
    VALUES (${id}, ${head.commit}, ${context.now()}, ${head.fork}, ${approval}, ${round})
    ON CONFLICT ("pullRequestId", "commit") DO UPDATE
       SET "fork" = EXCLUDED."fork", "approval" = EXCLUDED."approval", "round" = EXCLUDED."round", "ended" = NULL, "endedAt" = NULL`
  if (!mayBuild(approval)) await tx.execute`UPDATE "PullRequest" SET "examineAt" = NULL WHERE "id" = ${id}`
  await notePullRequestStatuses(tx, id, [head.commit])
  await cancelBuilds(context, tx, id, { kind: 'commit', commit: head.commit })
  tx.emit({ kind: 'pull-request-changed', project: known.project })
  return { ...known, hosts: rule.hosts, approval, fork: head.fork, round }
}

async function findCommit(tx: Tx, id: number, commit: string) {
  const [row] = await tx.query<{ approval: Approval; decidedAt: Date | null; ended: string | null; round: number }>`
    SELECT "approval", "decidedAt", "ended", "round" FROM "PullRequestCommit"
     WHERE "pullRequestId" = ${id} AND "commit" = ${commit}`
  return row
}

const requestOf = (id: number, head: Head, { project, number, hosts, fork, round }: Decided) => ({
  project,
  commit: head.commit,
  of: { kind: 'pull-request', id, fork, hosts } as const,
  cause: 'push' as const,
  causeDetail: `pull request ${number}`,
  source: 'pull-request',
  deliveryId: `${id} ${head.commit}${round === 0 ? '' : ` ${round}`}`,
  again: round > 0,
})

/** The request is examined, unless it changed meanwhile. */
const markExamined = ({ db }: Context, { id, version }: { id: number; version: number }) =>
  db.execute`UPDATE "PullRequest" SET "examineAt" = NULL WHERE "id" = ${id} AND "version" = ${version}`

/** Git could not read the request. The farm tries again later, and gives up after some hours. */
export async function recordProblem(context: Context, id: number, problem: string): Promise<void> {
  await inTransaction(context, async tx => {
    const [row] = await tx.query<{ tries: number; project: string }>`
      UPDATE "PullRequest" SET "tries" = "tries" + 1, "problem" = ${problem} WHERE "id" = ${id}
      RETURNING "tries", "projectName" AS "project"`
    if (!row) return
    const next = nextRead(row.tries, tx.now()) ?? null
    await tx.execute`UPDATE "PullRequest" SET "examineAt" = ${next}::timestamptz WHERE "id" = ${id}`
    tx.emit({ kind: 'pull-request-changed', project: row.project })
  })
}
