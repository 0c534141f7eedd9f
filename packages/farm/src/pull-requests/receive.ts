import { cut, type ProjectConfig } from '@rumpfarm/contracts'
import { buildsBranch } from '../builds/plan.rule.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { applyEvent, isFullCommit, type KnownPullRequest, type PullRequestEvent } from './apply-event.rule.ts'
import { cancelBuilds } from './cancel-builds.ts'

export type ReceiveOutcome =
  /** `examine`: the farm now reads the request with git, and builds it if it may. */
  | { kind: 'recorded'; id: number; state: string; examine: boolean }
  | { kind: 'ignored'; why: string }
  | { kind: 'unknown-project'; known: string[] }

/**
 * Records what a forge says about a pull request. An event can come twice, late, or not at all. The event is only a
 * hint: the farm reads the commit with git before it builds. The end of a request cancels its builds at once. With
 * `callerReads`, the caller reads the commit itself; if it dies, the task reconcile does so.
 */
export async function receiveEvent(
  context: Context,
  event: PullRequestEvent,
  { callerReads = false } = {},
): Promise<ReceiveOutcome> {
  const projects = await projectConfigs(context)
  const project = projects.get(event.project)
  if (!project) return { kind: 'unknown-project', known: [...projects.keys()] }
  const refused = whyNotBuilt(project, event)
  return inTransaction(context, async tx => {
    await lockRequest(tx, event)
    const known = await findKnown(tx, event)
    // A request that the farm has built must end, even if farm.yaml does not allow such requests any more.
    if (refused !== undefined && (known === null || !isEnd(event))) return { kind: 'ignored', why: refused }
    const effect = applyEvent(known, event)
    if (effect.kind === 'ignored') return effect
    const { state, examine, end } = effect
    const id = await write(context, tx, event, { state, examine })
    if (end) await cancelBuilds(context, tx, id, { kind: 'request', state: state === 'merged' ? 'merged' : 'closed' })
    if (examine && !callerReads) tx.emit({ kind: 'pull-request', pullRequestId: id })
    return { kind: 'recorded', id, state, examine }
  })
}

const isEnd = ({ action }: PullRequestEvent) => action === 'closed' || action === 'merged'

function whyNotBuilt(project: ProjectConfig, { base, fork }: PullRequestEvent): string | undefined {
  const { name, pullRequests, branches } = project
  if (!pullRequests) return `the project ${name} builds no pull requests: farm.yaml has no pull-requests for it`
  if (fork && pullRequests.fromForks === 'never')
    return `the project ${name} builds no pull requests from forks (from-forks: never)`
  if (!buildsBranch(project, base.branch))
    return `the project ${name} builds only the branches ${branches.join(', ')}, and the base of this request is ${base.branch}`
  return undefined
}

/** Two events of one request run one after the other, also if the farm does not know the request yet. */
const lockRequest = (tx: Tx, { project, number }: PullRequestEvent) => tx.query`
  SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(10), 'pull-request', ${project}::text, ${number}::text), 0))::text`

async function findKnown(tx: Tx, { project, number }: PullRequestEvent): Promise<KnownPullRequest | null> {
  const [row] = await tx.query<KnownPullRequest>`
    SELECT "state", "headCommit", "forgeAt" FROM "PullRequest"
     WHERE "projectName" = ${project} AND "number" = ${number} FOR UPDATE`
  return row ?? null
}

const urlsMax = 5

/** An event without examination does not change the commit, which only git decides. */
async function write(
  { now }: Context,
  tx: Tx,
  event: PullRequestEvent,
  { state, examine }: { state: string; examine: boolean },
): Promise<number> {
  const at = now()
  const closedAt = state === 'open' ? null : at
  const commit = isFullCommit(event.head.commit) ? event.head.commit : ''
  const [row] = await tx.query<{ id: number }>`
    INSERT INTO "PullRequest" AS known ("projectName", "number", "title", "author", "baseBranch", "headBranch", "headCommit", "headUrls",
           "fork", "url", "headRef", "mergeRef", "state", "openedAt", "changedAt", "closedAt", "forgeAt", "examineAt")
    VALUES (${event.project}, ${event.number}, ${cut(event.title, 500)}, ${cut(event.author, 200)}, ${event.base.branch}, ${event.head.ref},
           ${commit}, ${event.head.urls.slice(0, urlsMax)}::text[], ${event.fork}, ${event.url}, ${event.headRef}, ${event.mergeRef},
           ${state}, ${at}, ${at}, ${closedAt}::timestamptz, ${event.at ?? null}::timestamptz, ${examine ? at : null}::timestamptz)
    ON CONFLICT ("projectName", "number") DO UPDATE
       SET "title" = EXCLUDED."title", "author" = EXCLUDED."author", "baseBranch" = EXCLUDED."baseBranch",
           "headBranch" = EXCLUDED."headBranch", "headUrls" = EXCLUDED."headUrls", "fork" = EXCLUDED."fork", "url" = EXCLUDED."url",
           "headRef" = EXCLUDED."headRef", "mergeRef" = EXCLUDED."mergeRef", "state" = EXCLUDED."state",
           "headCommit" = CASE WHEN ${examine} AND EXCLUDED."headCommit" <> '' THEN EXCLUDED."headCommit" ELSE known."headCommit" END,
           "changedAt" = EXCLUDED."changedAt", "forgeAt" = COALESCE(EXCLUDED."forgeAt", known."forgeAt"),
           "closedAt" = CASE WHEN EXCLUDED."state" = 'open' THEN NULL ELSE COALESCE(known."closedAt", EXCLUDED."closedAt") END,
           "examineAt" = CASE WHEN EXCLUDED."state" <> 'open' THEN NULL ELSE COALESCE(EXCLUDED."examineAt", known."examineAt") END,
           "version" = known."version" + 1,
           "tries" = CASE WHEN ${examine} THEN 0 ELSE known."tries" END,
           "problem" = CASE WHEN ${examine} OR EXCLUDED."state" <> 'open' THEN NULL ELSE known."problem" END
    RETURNING "id"`
  if (!row) throw new Error('the pull request was not written')
  return row.id
}
