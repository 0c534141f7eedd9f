import type { ProjectConfig, ProjectSchedule } from '@rumpfarm/contracts'
import { nextTime } from './times.rule.ts'

/** The key of the rule `at-least-every` among the schedules of a project. */
export const atLeastKey = 'at-least-every'

/** When each schedule of a project is due for the first time. */
export const firstTimes = (project: ProjectConfig, at: Date): { key: string; nextAt: Date }[] =>
  keysOf(project).flatMap(key => {
    const nextAt = timeAfter(project, key, at)
    return nextAt ? [{ key, nextAt }] : []
  })

const keysOf = ({ schedules = [], atLeastEverySeconds }: ProjectConfig): string[] => [
  ...schedules.map(({ key }) => key),
  ...(atLeastEverySeconds === undefined ? [] : [atLeastKey]),
]

export const scheduleOf = ({ schedules = [] }: ProjectConfig, key: string): ProjectSchedule | undefined =>
  schedules.find(schedule => schedule.key === key)

/** The next time of a schedule. Undefined if farm.yaml does not name it any more. */
export function timeAfter(project: ProjectConfig, key: string, at: Date): Date | undefined {
  const { atLeastEverySeconds } = project
  if (key === atLeastKey)
    return atLeastEverySeconds === undefined ? undefined : later(at, checkSeconds(atLeastEverySeconds))
  const schedule = scheduleOf(project, key)
  return schedule && nextTime(schedule, at)
}

/** How often the farm looks for old cells: ten times in their age, but at most every five minutes and at least hourly. */
const checkSeconds = (every: number): number => Math.min(3600, Math.max(300, Math.round(every / 10)))

/** A server that took a run must end it within this time; then another server may take it. */
export const runSecondsMax = 900
const waitsSeconds = [60, 120, 300, 600, 1800, 3600]
/** After this time, the farm gives up a run. */
const patienceSeconds = 86_400

/** When the farm tries a run again after this many failed tries; undefined if it gives up. */
export function nextRunTry(tries: number, dueAt: Date, at: Date): Date | undefined {
  if (at.getTime() - dueAt.getTime() > patienceSeconds * 1000) return undefined
  return later(at, waitsSeconds[Math.min(tries, waitsSeconds.length) - 1] ?? 60)
}

const later = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000)
