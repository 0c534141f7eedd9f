import type { ProjectConfig, ProjectSchedule } from '@rumpfarm/contracts'
import type { CellPlace, WantedCells } from '../builds/plan.rule.ts'
import { requestBuild } from '../builds/request-build.ts'
import { later } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { expectedMainBranch } from '../matrix/branch-queries.ts'
import { projectConfigs } from '../projects/project-queries.ts'
import { atLeastKey, nextRunTry, runSecondsMax, scheduleOf, timeAfter } from './due.rule.ts'
import { listOldCells } from './old-cells.ts'
import { nameOfTimes } from './times.rule.ts'

/** The farm keeps this many of the newest runs of a schedule. */
export const runsKept = 30
const runsAtOnce = 10

/** A run that this server has taken. */
export interface ScheduleRun {
  id: number
  project: string
  key: string
  dueAt: Date
  tries: number
  cells: CellPlace[] | null
  repository: string
  /** The branch whose newest commit the run builds. */
  branch: string
}

/**
 * Makes a run of each schedule that is due. If the farm was down, several missed times make one run. Two servers never
 * make the same run, because they lock the rows of the schedules.
 */
export async function planRuns(context: Context): Promise<void> {
  const projects = await projectConfigs(context)
  const due = await context.db.query<DueSchedule>`
    SELECT "projectName" AS "project", "key" FROM "Schedule" WHERE "nextAt" <= ${context.now()} ORDER BY "nextAt" LIMIT 100`
  for (const { project, key } of due) {
    const config = projects.get(project)
    const cells = config && key === atLeastKey ? await listOldCells(context, config) : null
    if (config) await inTransaction(context, tx => planRun(tx, config, key, cells))
  }
}

interface DueSchedule {
  project: string
  key: string
}

async function planRun(tx: Tx, project: ProjectConfig, key: string, cells: CellPlace[] | null): Promise<void> {
  const at = tx.now()
  const [row] = await tx.query<{ nextAt: Date }>`
    SELECT "nextAt" FROM "Schedule" WHERE "projectName" = ${project.name} AND "key" = ${key} AND "nextAt" <= ${at}
       FOR UPDATE SKIP LOCKED`
  const next = timeAfter(project, key, at)
  if (!row || !next) return
  tx.emit({ kind: 'pages-changed' })
  await tx.execute`UPDATE "Schedule" SET "nextAt" = ${next} WHERE "projectName" = ${project.name} AND "key" = ${key}`
  if (cells?.length === 0) return
  await tx.execute`
    INSERT INTO "ScheduleRun" ("projectName", "key", "dueAt", "cells", "nextAt")
    VALUES (${project.name}, ${key}, ${row.nextAt}, ${cells && JSON.stringify(cells)}::jsonb, ${at}) ON CONFLICT DO NOTHING`
  await tx.execute`
    DELETE FROM "ScheduleRun" WHERE "projectName" = ${project.name} AND "key" = ${key} AND "dueAt" <= (
      SELECT "dueAt" FROM "ScheduleRun" WHERE "projectName" = ${project.name} AND "key" = ${key}
       ORDER BY "dueAt" DESC OFFSET ${runsKept} LIMIT 1)`
}

/** Takes runs that are due. End each with `build` or `fail`; otherwise another server takes it later. */
export async function takeRuns(context: Context): Promise<ScheduleRun[]> {
  const at = context.now()
  const rows = await context.db.query<Omit<ScheduleRun, 'repository' | 'branch'>>`
    UPDATE "ScheduleRun" SET "nextAt" = ${later(at, runSecondsMax)}, "tries" = "tries" + 1
     WHERE "id" IN (SELECT "id" FROM "ScheduleRun" WHERE "state" = 'due' AND "nextAt" <= ${at}
                     ORDER BY "nextAt" LIMIT ${runsAtOnce} FOR UPDATE SKIP LOCKED)
    RETURNING "id", "projectName" AS "project", "key", "dueAt", "tries", "cells"`
  const projects = await projectConfigs(context)
  const runs = await Promise.all(
    rows.map(async row => {
      const project = projects.get(row.project)
      if (!project) return []
      const branch = scheduleOf(project, row.key)?.branch ?? (await expectedMainBranch(context, project))
      return [{ ...row, repository: project.repository, branch }]
    }),
  )
  return runs.flat()
}

export interface NewestCommit {
  commit: string
  subject?: string | undefined
  author?: string | undefined
}

/** Builds the newest commit of the run's branch, unless the schedule has already built it. */
export async function buildRun(context: Context, run: ScheduleRun, newest: NewestCommit): Promise<void> {
  const { project: name, key, dueAt, branch, cells } = run
  const project = (await projectConfigs(context)).get(name)
  if (!project) return endRun(context, run, { state: 'failed', problem: `project ${name} is no longer in farm.yaml` })
  const schedule = scheduleOf(project, key)
  if (schedule && !schedule.evenIfUnchanged && (await builtBefore(context, run, newest.commit)))
    return endRun(context, run, { state: 'unchanged', commit: newest.commit })
  const outcome = await requestBuild(context, {
    project: name,
    ...newest,
    of: { kind: 'branch', branch },
    cause: 'schedule',
    causeDetail: schedule ? nameOfTimes(schedule.cron) : 'at-least-every',
    source: 'schedule',
    deliveryId: `${key} ${dueAt.toISOString()}`,
    again: true,
    wanted: wantedBy(schedule, cells),
  })
  switch (outcome.kind) {
    case 'built':
    case 'repeated':
      return endRun(context, run, { state: 'built', commit: newest.commit, buildId: outcome.buildId })
    case 'branch-not-built':
      return endRun(context, run, {
        state: 'failed',
        problem: `branch ${branch} is not among the branches of the project`,
      })
    default:
      return endRun(context, run, { state: 'failed', problem: 'no present host matches the schedule' })
  }
}

function wantedBy(schedule: ProjectSchedule | undefined, cells: CellPlace[] | null): WantedCells | undefined {
  if (cells) return { cells }
  const { hosts, variants } = schedule ?? {}
  return hosts || variants ? { hosts, variants } : undefined
}

async function builtBefore({ db }: Context, { project, key }: ScheduleRun, commit: string): Promise<boolean> {
  const rows = await db.query`
    SELECT FROM "Schedule" WHERE "projectName" = ${project} AND "key" = ${key} AND "lastCommit" = ${commit}`
  return rows.length > 0
}

interface RunEnd {
  state: 'built' | 'unchanged' | 'failed'
  commit?: string
  buildId?: number | null
  problem?: string
}

async function endRun(context: Context, { id, project, key }: ScheduleRun, end: RunEnd): Promise<void> {
  const { state, commit = null, buildId = null, problem = null } = end
  await inTransaction(context, async tx => {
    // The schedule before its run, as a load of farm.yaml does.
    if (state === 'built')
      await tx.execute`
        UPDATE "Schedule" SET "lastCommit" = ${commit}, "lastBuildId" = ${buildId}
         WHERE "projectName" = ${project} AND "key" = ${key}`
    await tx.execute`
      UPDATE "ScheduleRun" SET "state" = ${state}, "commit" = ${commit}, "buildId" = ${buildId}, "problem" = ${problem},
             "endedAt" = ${tx.now()} WHERE "id" = ${id} AND "state" = 'due'`
    tx.emit({ kind: 'pages-changed' })
  })
}

/** Records why a run could not start. The farm tries it again for a day. */
export async function failRun(context: Context, run: ScheduleRun, problem: string): Promise<void> {
  const next = nextRunTry(run.tries, run.dueAt, context.now())
  if (!next) return endRun(context, run, { state: 'failed', problem })
  await context.db.execute`
    UPDATE "ScheduleRun" SET "problem" = ${problem}, "nextAt" = ${next} WHERE "id" = ${run.id} AND "state" = 'due'`
  context.emit({ kind: 'pages-changed' })
}
