import type { Contexts } from '../context.ts'
import { buildRun, failRun, type NewestCommit, planRuns, type ScheduleRun, takeRuns } from './runs.ts'
import { listSchedules } from './schedule-queries.ts'

export type { NewestCommit, ScheduleRun } from './runs.ts'
export type { ScheduleView } from './schedule-queries.ts'

/** Builds that happen without a push. */
export const scheduleMethods = ({ main, pages }: Contexts) => ({
  /** Makes a run of each schedule that is due. */
  plan: () => planRuns(main),
  /** Takes runs that are due. End each with `build` or `fail`. */
  take: () => takeRuns(main),
  /** Builds the newest commit of the run's branch, unless the schedule has already built it. */
  build: (run: ScheduleRun, newest: NewestCommit) => buildRun(main, run, newest),
  /** Records why a run could not start. The farm tries it again for a day. */
  fail: (run: ScheduleRun, problem: string) => failRun(main, run, problem),

  /** The schedules of a project, with the newest run of each. */
  list: (project: string) => listSchedules(pages, project),
})
