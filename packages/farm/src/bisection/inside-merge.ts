import { defaultBisect } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { inTransaction } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { type BisectionRows, readRows } from './rows.ts'
import { ruleVersion } from './state.rule.ts'

export type InsideMergeOutcome =
  /** `exists`: somebody has already started it. */
  { kind: 'started' | 'exists'; id: number } | { kind: 'not-possible'; why: string } | { kind: 'unknown' }

/** Starts a second bisection inside the merge that a bisection named: which of the merged commits fails first. */
export async function lookInsideMerge(
  context: Context,
  { id, startedBy }: { id: number; startedBy: string },
): Promise<InsideMergeOutcome> {
  const projects = await projectConfigs(context)
  return inTransaction(context, async tx => {
    const locked = await tx.query`SELECT FROM "Bisection" WHERE "id" = ${id} FOR UPDATE`
    const rows = locked.length > 0 ? await readRows(tx, id) : undefined
    if (!rows) return { kind: 'unknown' }
    const merge = mergeOf(rows)
    if (!merge) return { kind: 'not-possible', why: `the answer of bisection ${id} is not a merge` }
    const [existing] = await tx.query<{ id: number }>`SELECT "id" FROM "Bisection" WHERE "mergeOf" = ${id}`
    if (existing) return { kind: 'exists', id: existing.id }
    const { budgetSeconds, pauseSeconds } = projects.get(rows.bisection.projectName)?.bisect ?? defaultBisect
    const [inner] = await tx.query<{ id: number }>`
      INSERT INTO "Bisection" ("projectName", "branch", "hostId", "arch", "variant", "goodCommit", "badCommit", "badJobId", "verdict",
                               "failedStep", "fingerprint", "symbol", "file", "expectedMs", "startedBy", "ruleVersion", "noiseRuns",
                               "noiseFailed", "failureRate", "budgetSeconds", "pauseSeconds", "state", "mergeOf", "createdAt")
      SELECT "projectName", "branch", "hostId", "arch", "variant", ${merge.parent}, ${merge.commit}, "badJobId", "verdict",
             "failedStep", "fingerprint", "symbol", "file", "expectedMs", ${startedBy}, ${ruleVersion}, "noiseRuns",
             "noiseFailed", "failureRate", ${budgetSeconds}, ${pauseSeconds}, 'preparing', ${id}, ${context.now()}
        FROM "Bisection" WHERE "id" = ${id} RETURNING "id"`
    if (!inner) throw new Error('the bisection inside a merge was not written')
    await tx.execute`
      INSERT INTO "BisectionCell" ("bisectionId", "number", "hostId", "arch", "variant", "jobId")
      SELECT ${inner.id}, "number", "hostId", "arch", "variant", "jobId" FROM "BisectionCell"
       WHERE "bisectionId" = ${id} AND "number" = 0`
    tx.emit({ kind: 'bisection', bisectionId: inner.id, next: 'prepare' })
    return { kind: 'started', id: inner.id }
  })
}

/** The merge that is the answer, with its first parent. */
function mergeOf({ bisection, commits }: BisectionRows): { commit: string; parent: string } | undefined {
  if (bisection.outcome !== 'confirmed' || bisection.high === null) return undefined
  const answer = commits[bisection.high - 1]
  if (answer?.doubt !== 'merge') return undefined
  return { commit: answer.commit, parent: commits[bisection.high - 2]?.commit ?? bisection.goodCommit }
}
