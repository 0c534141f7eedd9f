import { cut } from '@rumpfarm/contracts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { chanceOf, policyOf, runsMaxOf } from './policy.rule.ts'
import type { BisectionRow } from './rows.ts'
import { doubtOf, weightOf } from './weights.rule.ts'

/** The commits of a range, as git lists them. */
export interface ReadCommits {
  kind: 'range'
  /** The newest common commit of the two ends. */
  base: string
  /** Oldest first. */
  commits: { commit: string; author: string; subject: string; isMerge: boolean; files: string[] }[]
}

export type RangeRead = ReadCommits | { kind: 'not-in-branch' } | { kind: 'problem'; problem: string }

const retrySeconds = 60

/** Stores the commits of the range with their weights. The bisection then runs its first probe. */
export async function storeRange(context: Context, id: number, read: RangeRead): Promise<void> {
  await inTransaction(context, async tx => {
    const [bisection] = await tx.query<BisectionRow>`
      SELECT * FROM "Bisection" WHERE "id" = ${id} AND "state" = 'preparing' FOR UPDATE`
    if (!bisection) return
    if (read.kind === 'problem') return storeProblem(context, tx, id, read.problem)
    if (read.kind === 'not-in-branch' || read.commits.length === 0) return endRewritten(context, tx, id)
    await storeCommits(tx, bisection, read)
    const policy = policyOf(chanceOf({ runs: bisection.noiseRuns, failed: bisection.noiseFailed }))
    await tx.execute`
      UPDATE "Bisection" SET "state" = 'running', "problem" = NULL, "nextAt" = NULL, "goodCommit" = ${read.base},
             "runsMax" = ${runsMaxOf(read.commits.length, policy, bisection.failureRate)} WHERE "id" = ${id}`
    tx.emit({ kind: 'bisection', bisectionId: id, next: 'advance' })
  })
}

async function storeProblem({ now }: Context, tx: Tx, id: number, problem: string): Promise<void> {
  await tx.execute`
    UPDATE "Bisection" SET "problem" = ${cut(problem, 4000)}, "nextAt" = ${later(now(), retrySeconds)} WHERE "id" = ${id}`
}

async function endRewritten({ now }: Context, tx: Tx, id: number): Promise<void> {
  await tx.execute`
    UPDATE "Bisection" SET "state" = 'finished', "outcome" = 'rewritten', "finishedAt" = ${now()}, "nextAt" = NULL,
           "words" = 'Not started: the newest 200 commits of the branch do not contain the range.'
     WHERE "id" = ${id}`
  tx.emit({ kind: 'bisection', bisectionId: id, next: 'nothing' })
}

async function storeCommits(
  tx: Tx,
  { id, file, arch, mergeOf }: BisectionRow,
  { commits }: ReadCommits,
): Promise<void> {
  const rows = commits.map((commit, index) => ({
    ...commit,
    position: index + 1,
    weight: weightOf(commit.files, { file, arch }),
    // The last commit inside a merge is the merge itself. As an answer, it has its own words.
    doubt: mergeOf !== null && index === commits.length - 1 ? null : doubtOf(commit.files, commit.isMerge, arch),
  }))
  await tx.execute`
    INSERT INTO "BisectionCommit" ("bisectionId", "position", "commit", "author", "subject", "weight", "doubt")
    SELECT ${id}, given.* FROM unnest(
      ${rows.map(({ position }) => position)}::int[], ${rows.map(({ commit }) => commit)}::text[],
      ${rows.map(({ author }) => author)}::text[], ${rows.map(({ subject }) => subject)}::text[],
      ${rows.map(({ weight }) => weight)}::float8[], ${rows.map(({ doubt }) => doubt)}::text[]) AS given
    ON CONFLICT DO NOTHING`
}
