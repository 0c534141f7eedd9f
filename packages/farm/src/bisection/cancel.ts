import { defaultBisect } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { inTransaction } from '../db/transaction.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { advanceBisection } from './advance.ts'
import { ownRuns, spentMs } from './next-probe.rule.ts'
import { chanceOf, policyOf, runsMaxOf } from './policy.rule.ts'
import { type BisectionRow, nothingElse, readRows, stateOf } from './rows.ts'

export type CancelBisectionOutcome = { kind: 'cancelled' } | { kind: 'not-open' } | { kind: 'unknown' }

/** Ends a bisection. Its results stay, so somebody can continue it later. */
export async function cancelBisection(context: Context, id: number): Promise<CancelBisectionOutcome> {
  const at = context.now()
  const requested = await context.db.query<Pick<BisectionRow, 'state'>>`
    UPDATE "Bisection" SET "cancelRequestedAt" = COALESCE("cancelRequestedAt", ${at}) WHERE "id" = ${id} AND "state" <> 'finished'
    RETURNING "state"`
  const [bisection] = requested
  if (!bisection) return (await exists(context, id)) ? { kind: 'not-open' } : { kind: 'unknown' }
  if (bisection.state === 'preparing') await endUnprepared(context, id)
  await advanceBisection(context, id)
  return { kind: 'cancelled' }
}

const exists = async ({ db }: Context, id: number) => (await db.models.bisection.count({ where: { id } })) > 0

const endUnprepared = (context: Context, id: number) =>
  inTransaction(context, async tx => {
    await tx.execute`
      UPDATE "Bisection" SET "state" = 'finished', "outcome" = 'cancelled', "words" = 'Cancelled before the first run.',
             "finishedAt" = ${context.now()}, "nextAt" = NULL
       WHERE "id" = ${id} AND "state" = 'preparing'`
    tx.emit({ kind: 'bisection', bisectionId: id, next: 'nothing' })
  })

export type ContinueOutcome =
  | { kind: 'continued' }
  /** Only a bisection that was cancelled, or that used its budget, can continue. */
  | { kind: 'not-possible'; why: string }
  | { kind: 'unknown' }

/** Continues a bisection with a further budget. All its results count. */
export async function continueBisection(context: Context, id: number): Promise<ContinueOutcome> {
  const projects = await projectConfigs(context)
  return inTransaction(context, async tx => {
    await tx.query`SELECT FROM "Bisection" WHERE "id" = ${id} FOR UPDATE`
    const rows = await readRows(tx, id)
    if (!rows) return { kind: 'unknown' }
    const { bisection, commits } = rows
    if (bisection.outcome !== 'budget' && bisection.outcome !== 'cancelled')
      return { kind: 'not-possible', why: whyNot(bisection) }
    const budget = (projects.get(bisection.projectName)?.bisect ?? defaultBisect).budgetSeconds
    const state = stateOf(rows, nothingElse)
    const policy = policyOf(chanceOf(state.noise))
    const isPrepared = commits.length > 0
    await tx.execute`
      UPDATE "Bisection" SET "state" = ${isPrepared ? 'running' : 'preparing'}, "outcome" = NULL, "words" = NULL, "low" = NULL,
             "high" = NULL, "finishedAt" = NULL, "cancelRequestedAt" = NULL,
             "budgetSeconds" = ${Math.ceil(spentMs(state) / 1000) + budget},
             "runsMax" = ${ownRuns(state).length + runsMaxOf(Math.max(1, commits.length), policy, bisection.failureRate)}
       WHERE "id" = ${id}`
    tx.emit({ kind: 'bisection', bisectionId: id, next: isPrepared ? 'advance' : 'prepare' })
    return { kind: 'continued' }
  })
}

const whyNot = ({ state }: BisectionRow): string =>
  state === 'finished' ? 'the bisection has an answer: start a new one' : 'the bisection is still running'
