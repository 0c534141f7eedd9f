import type { Context } from '../context.ts'
import { isCommentOnly } from './comments.rule.ts'
import { boundsOfState } from './next-probe.rule.ts'
import { nothingElse, readRows, stateOf } from './rows.ts'

export interface CulpritToRead {
  id: number
  project: string
  /** The position of the commit. */
  position: number
  /** The commit and its parent. The farm has fetched both for the probes. */
  before: string
  after: string
}

/**
 * The only commit that can still be the answer, if the farm must read its changed lines. Undefined before the search has
 * found it, and if the commit is already doubted.
 */
export async function findCulpritToRead({ db }: Context, id: number): Promise<CulpritToRead | undefined> {
  const rows = await readRows(db, id)
  if (rows?.bisection.state !== 'running') return undefined
  const { low, high } = boundsOfState(stateOf(rows, nothingElse))
  const [culprit, parent] = [rows.commits[high - 1], rows.commits[low - 1]]
  if (!culprit || high - low !== 1 || culprit.linesRead || culprit.doubt !== null) return undefined
  const before = low === 0 ? rows.bisection.goodCommit : (parent?.commit ?? '')
  return { id, project: rows.bisection.projectName, position: high, before, after: culprit.commit }
}

/** Stores whether the commit changes only comments. The patch is null if git cannot show it. */
export async function storeCulpritLines({ db }: Context, { id, position }: CulpritToRead, patch: string | null) {
  const doubt = patch !== null && isCommentOnly(patch) ? 'comments' : null
  await db.execute`
    UPDATE "BisectionCommit" SET "linesRead" = true, "doubt" = COALESCE("doubt", ${doubt})
     WHERE "bisectionId" = ${id} AND "position" = ${position}`
}
