import type { Context } from '../context.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { atLeastKey, scheduleOf } from './due.rule.ts'
import { nameOfTimes } from './times.rule.ts'

/** A schedule of a project, with its newest run. */
export interface ScheduleView {
  key: string
  /** nightly, weekly …, the times themselves, or at-least-every. */
  name: string
  /** Null for at-least-every. */
  cron: string | null
  timeZone: string | null
  /** Null: the main branch. */
  branch: string | null
  evenIfUnchanged: boolean
  nextAt: Date
  lastBuildId: number | null
  /** The newest run; null if there was none. */
  last: {
    dueAt: Date
    state: 'due' | 'built' | 'unchanged' | 'failed'
    commit: string | null
    buildId: number | null
    problem: string | null
  } | null
}

type Row = Pick<ScheduleView, 'key' | 'nextAt' | 'lastBuildId' | 'last'> & { project: string }

/** The schedules of a project, or of all projects; the next one first. */
export async function listSchedules(
  context: Context,
  project?: string,
): Promise<(ScheduleView & { project: string })[]> {
  const [projects, rows] = await Promise.all([
    projectConfigs(context),
    context.db.query<Row>`
      SELECT schedule."projectName" AS "project", schedule."key", schedule."nextAt", schedule."lastBuildId",
             (SELECT jsonb_build_object('dueAt', run."dueAt", 'state', run."state", 'commit', run."commit", 'buildId', run."buildId",
                                        'problem', run."problem")
                FROM "ScheduleRun" run WHERE run."projectName" = schedule."projectName" AND run."key" = schedule."key"
               ORDER BY run."dueAt" DESC LIMIT 1) AS "last"
        FROM "Schedule" schedule WHERE ${project ?? null}::text IS NULL OR schedule."projectName" = ${project ?? null}
       ORDER BY schedule."nextAt", schedule."projectName", schedule."key" LIMIT 1000`,
  ])
  return rows.flatMap(row => {
    const config = projects.get(row.project)
    const schedule = config && scheduleOf(config, row.key)
    if (!schedule && row.key !== atLeastKey) return []
    return [
      {
        ...row,
        last: row.last && { ...row.last, dueAt: new Date(row.last.dueAt) },
        name: schedule ? nameOfTimes(schedule.cron) : atLeastKey,
        cron: schedule?.cron ?? null,
        timeZone: schedule?.timeZone ?? null,
        branch: schedule?.branch ?? null,
        evenIfUnchanged: schedule?.evenIfUnchanged ?? false,
      },
    ]
  })
}
