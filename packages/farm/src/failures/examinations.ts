import { type AttemptId, attemptName, cut } from '@rumpfarm/contracts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { examineWithoutLog } from './examine.ts'

/** The names of the ended attempts that must be examined now, the oldest first. */
export async function listExaminations({ db, now }: Context, limit = 1000): Promise<string[]> {
  const rows = await db.models.examination.findMany({
    where: { wantedAt: { lte: now() } },
    select: { jobId: true, number: true },
    orderBy: { wantedAt: 'asc' },
    take: limit,
  })
  return rows.map(({ jobId, number }) => attemptName({ jobId: Number(jobId), number }))
}

/** A log that cannot be read five times will probably never be readable, for example because somebody deleted it. */
const triesMax = 5
const firstWaitSeconds = 30

/** Records why the examination failed. The farm tries again after 30 s, 1 min, 2 min and 4 min, and then gives up. */
export async function markExaminationFailed(context: Context, attempt: AttemptId, problem: string): Promise<void> {
  const { db, now } = context
  const { jobId, number } = attempt
  const row = await db.models.examination.findUnique({ where: { jobId_number: { jobId, number } } })
  if (!row) return
  if (row.tries + 1 >= triesMax) return examineWithoutLog(context, attempt)
  const wantedAt = later(now(), firstWaitSeconds * 2 ** row.tries)
  await db.models.examination.updateMany({
    where: { jobId, number, tries: row.tries },
    data: { tries: row.tries + 1, wantedAt, problem: cut(problem, 1000) },
  })
}
