import { createHash } from 'node:crypto'
import type { ProjectSchedule, WrittenProject, WrittenSchedule } from '@rumpfarm/contracts'
import { timesProblem } from '../schedules/times.rule.ts'
import { readDuration } from './durations.rule.ts'
import { type Finding, show } from './farm-yaml-mistakes.rule.ts'

const atLeastSecondsMin = 3600
const atLeastSecondsMax = 365 * 86_400

/** Errors of `schedules` and `at-least-every` that a schema cannot describe. */
export const scheduleFindings = ({ schedules = [], 'at-least-every': every }: WrittenProject): Finding[] => [
  ...schedules.flatMap((written, index) => timesFindings(written, ['schedules', index])),
  ...sameFindings(schedules),
  ...(every === undefined || isPossible(readDuration(every))
    ? []
    : [{ path: ['at-least-every'], at: 'value' as const, found: show(every), expected: 'from 1h to 365d' }]),
]

const isPossible = (seconds: number): boolean => seconds >= atLeastSecondsMin && seconds <= atLeastSecondsMax

function timesFindings(written: WrittenSchedule, path: Finding['path']): Finding[] {
  const { cron, timeZone } = fillInSchedule(written)
  const problem = timesProblem({ cron, timeZone })
  if (problem === undefined) return []
  const expected = `times such as '0 2 * * *' in a time zone such as Europe/Berlin; ${problem}`
  return [
    {
      path: [...path, problem.includes('time zone') ? 'time-zone' : 'cron'],
      at: 'value',
      found: show(`${cron} ${timeZone}`),
      expected,
    },
  ]
}

function sameFindings(schedules: readonly WrittenSchedule[]): Finding[] {
  const keys = schedules.map(written => fillInSchedule(written).key)
  return keys.flatMap((key, index) =>
    keys.indexOf(key) === index
      ? []
      : [
          {
            path: ['schedules', index],
            at: 'value' as const,
            found: 'the same schedule again',
            expected: 'another one',
          },
        ],
  )
}

export function fillInSchedule(written: WrittenSchedule): ProjectSchedule {
  const { cron, 'time-zone': timeZone = 'UTC', branch, variants, hosts, 'even-if-unchanged': again } = written
  const schedule = {
    cron,
    timeZone,
    ...(branch === undefined ? {} : { branch }),
    ...(variants === undefined ? {} : { variants }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(again === 'true' ? { evenIfUnchanged: true } : {}),
  }
  return { key: createHash('sha256').update(JSON.stringify(schedule)).digest('hex').slice(0, 16), ...schedule }
}
