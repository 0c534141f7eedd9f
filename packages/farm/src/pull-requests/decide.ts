import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { notePullRequestStatuses } from '../statuses/changes.ts'
import type { Approval } from './approval.rule.ts'
import { cancelBuilds } from './cancel-builds.ts'

export interface Decision {
  project: string
  /** The number at the forge. */
  number: number
  /** The full name of the commit. A decision is about this commit only. */
  commit: string
  /** Who decided, for the page of the request. */
  by: string
}

export type DecisionOutcome =
  | { kind: 'approved' }
  | { kind: 'refused' }
  /** The request has no such commit. */
  | { kind: 'unknown' }
  /** The request has a newer commit now, so the decision would have no effect. */
  | { kind: 'not-newest'; newest: string }
  | { kind: 'ended'; state: string }
  /** The commit comes from somebody who can push to the repository, or farm.yaml allows all forks. */
  | { kind: 'no-decision-needed' }

/** Allows the farm to build one commit of a pull request. A later commit of the request needs its own approval. */
export const approve = (context: Context, decision: Decision) => record(context, decision, 'approved')

/** The farm never builds this commit, and cancels its build. An approval before has no effect any more. */
export const refuse = (context: Context, decision: Decision) => record(context, decision, 'refused')

interface DecidedRow {
  id: number
  state: string
  headCommit: string
  approval: Approval
}

function record(
  context: Context,
  { project, number, commit, by }: Decision,
  decision: 'approved' | 'refused',
): Promise<DecisionOutcome> {
  return inTransaction(context, async tx => {
    const [row] = await tx.query<DecidedRow>`
      SELECT request."id", request."state", request."headCommit", seen."approval"
        FROM "PullRequest" request JOIN "PullRequestCommit" seen ON seen."pullRequestId" = request."id" AND seen."commit" = ${commit}
       WHERE request."projectName" = ${project} AND request."number" = ${number} FOR UPDATE OF request, seen`
    if (!row) return { kind: 'unknown' }
    if (row.state !== 'open') return { kind: 'ended', state: row.state }
    if (row.headCommit !== commit) return { kind: 'not-newest', newest: row.headCommit }
    if (row.approval === decision) return { kind: decision }
    if (row.approval === 'not-needed') return { kind: 'no-decision-needed' }
    await write(tx, row.id, { commit, by, decision })
    await notePullRequestStatuses(tx, row.id, [commit])
    if (decision === 'refused') await cancelBuilds(context, tx, row.id, { kind: 'refused' })
    else tx.emit({ kind: 'pull-request', pullRequestId: row.id })
    tx.emit({ kind: 'pull-request-changed', project })
    return { kind: decision }
  })
}

async function write(tx: Tx, id: number, { commit, by, decision }: { commit: string; by: string; decision: Approval }) {
  await tx.execute`
    UPDATE "PullRequestCommit" SET "approval" = ${decision}, "decidedAt" = ${tx.now()}, "decidedBy" = ${by}
     WHERE "pullRequestId" = ${id} AND "commit" = ${commit}`
  const examineAt = decision === 'approved' ? tx.now() : null
  await tx.execute`UPDATE "PullRequest" SET "examineAt" = ${examineAt}::timestamptz, "tries" = 0, "version" = "version" + 1 WHERE "id" = ${id}`
}
