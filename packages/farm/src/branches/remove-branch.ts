import type { Context } from '../context.ts'
import { inTransaction } from '../db/transaction.ts'
import { dropProblemCells } from '../notifications/problems.ts'

export type RemovedBranch = { kind: 'removed' } | { kind: 'unknown' }

/**
 * Removes a branch that was deleted in its repository: its cells leave the matrix, and its problems close without a
 * message. Its builds and its history stay. A push of the branch brings the cells back: then the farm derives all of them
 * again, because results of the meantime have no cell.
 */
export const removeBranch = (context: Context, project: string, branch: string): Promise<RemovedBranch> =>
  inTransaction(context, async tx => {
    const removed = await tx.execute`
      UPDATE "Branch" SET "removedAt" = ${tx.now()}, "historyWantedAt" = NULL
       WHERE "projectName" = ${project} AND "name" = ${branch} AND "removedAt" IS NULL`
    if (removed === 0) return { kind: 'unknown' }
    await tx.execute`
      UPDATE "BranchCommit" SET "settled" = false WHERE "projectName" = ${project} AND "branch" = ${branch} AND "settled"`
    await dropProblemCells(tx, { kind: 'branch', project, branch })
    tx.emit({ kind: 'history-changed', project })
    return { kind: 'removed' }
  })
