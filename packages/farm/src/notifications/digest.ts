import type { Context } from '../context.ts'
import { inTransaction } from '../db/transaction.ts'
import { announce } from './announce.ts'
import { isWanted } from './channels.ts'

/** The farm writes the daily summaries at this hour (UTC), or later if no server runs then. */
export const digestHour = 6

/**
 * Announces the daily summary of each branch that has a problem which was open before today. The name of the change
 * contains the date, so several servers and repeated calls write one row for each channel.
 */
export const announceDigests = (context: Context): Promise<void> =>
  inTransaction(context, async tx => {
    const at = context.now()
    if (at.getUTCHours() < digestHour) return
    const date = at.toISOString().slice(0, 10)
    if (!(await isWanted(tx, 'still-failing'))) return
    const branches = await tx.query<{ projectName: string; branch: string }>`
      SELECT DISTINCT problem."projectName", problem."branch" FROM "Problem" problem
        JOIN "Project" project ON project."name" = problem."projectName" AND project."removedAt" IS NULL
       WHERE problem."closedAt" IS NULL AND problem."openedAt" < ${new Date(`${date}T00:00:00Z`)} LIMIT 1000`
    const changes = branches.map(({ projectName, branch }) => ({
      event: 'still-failing' as const,
      project: projectName,
      branch,
      subject: `digest:${projectName}:${branch}:${date}`,
      thread: `digest:${projectName}:${branch}`,
      waits: false,
    }))
    await announce(tx, changes)
  })
