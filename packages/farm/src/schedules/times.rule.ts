import { CronExpressionParser } from 'cron-parser'

/** When a schedule runs. */
export interface Times {
  /** Minute, hour, day, month and day of the week. */
  cron: string
  timeZone: string
}

/**
 * The first time of a schedule after `after`. A time that the clock skips in spring runs an hour later. A time that the
 * clock shows twice in autumn runs once, the first time.
 */
export const nextTime = ({ cron, timeZone }: Times, after: Date): Date =>
  CronExpressionParser.parse(cron, { tz: timeZone, currentDate: after }).next().toDate()

/** A schedule can run once in this many minutes. */
const minutesMin = 5

/** Why the farm cannot use these times; undefined if it can. */
export function timesProblem({ cron, timeZone }: Times): string | undefined {
  if (!isTimeZone(timeZone)) return `no time zone has the name ${timeZone}`
  // cron-parser also knows H, which stands for another minute each time.
  if (/(?<![A-Z])H(?![A-Z])/i.test(cron)) return 'H is not possible'
  try {
    const { fields } = CronExpressionParser.parse(cron, { tz: timeZone })
    const minutes = [...fields.minute.values].map(Number).sort((one, other) => one - other)
    const tooOften = minutes.some((minute, index) => index > 0 && minute - (minutes[index - 1] ?? 0) < minutesMin)
    return tooOften ? `it would run more often than every ${minutesMin} minutes` : undefined
  } catch (error) {
    return (error as Error).message
  }
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}

const nightHours = [20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6]

/** The name of a schedule for people: nightly, daily, weekly, monthly, or the times themselves. */
export function nameOfTimes(cron: string): string {
  const [minute = '', hour = '', day, month, weekday = ''] = cron.split(' ')
  if (!/^\d+$/.test(minute) || !/^\d+$/.test(hour) || month !== '*') return cron
  if (day === '*' && weekday === '*') return nightHours.includes(Number(hour)) ? 'nightly' : 'daily'
  if (day === '*' && /^(\d|[A-Za-z]{3})$/.test(weekday)) return 'weekly'
  return /^\d+$/.test(day ?? '') && weekday === '*' ? 'monthly' : cron
}
