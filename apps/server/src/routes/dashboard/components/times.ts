const second = 1000
const minute = 60 * second
const hour = 60 * minute
const dayMs = 24 * hour

/** Writes a duration in at most two units: 0.3 s, 42 s, 2 min 11 s, 6 h 05 min, 3 d 04 h. */
export function duration(milliseconds: number): string {
  const whole = Math.max(0, milliseconds)
  if (whole < 10 * second) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`
  if (whole < minute) return `${Math.floor(whole / second)} s`
  if (whole < hour) return two(whole, minute, 'min', second, 's')
  if (whole < dayMs) return two(whole, hour, 'h', minute, 'min')
  return two(whole, dayMs, 'd', hour, 'h')
}

const two = (whole: number, large: number, largeName: string, small: number, smallName: string) =>
  `${Math.floor(whole / large)} ${largeName} ${String(Math.floor((whole % large) / small)).padStart(2, '0')} ${smallName}`

/** Writes a limit of a recipe. Leaves out the second unit if its number is zero: 10 min, 1 h 30 min. */
export const limitTime = (seconds: number): string => duration(seconds * second).replace(/ 00 (s|min|h)$/, '')

/** Writes an age in one unit: 9 s, 7 min, 24 h, 3 d, 12 months. */
export function age(from: Date, to: Date): string {
  const whole = Math.max(0, to.getTime() - from.getTime())
  if (whole < minute) return `${Math.floor(whole / second)} s`
  if (whole < hour) return `${Math.floor(whole / minute)} min`
  if (whole < 2 * dayMs) return `${Math.floor(whole / hour)} h`
  if (whole < 100 * dayMs) return `${Math.floor(whole / dayMs)} d`
  return `${Math.floor(whole / (30.44 * dayMs))} months`
}

/** Writes a time in UTC, because hosts and people are in many time zones. */
export const moment = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** Writes a date in UTC: 2024-05-06. */
export const day = (at: Date): string => at.toISOString().slice(0, 10)

/** Writes a time of the day in UTC: 14:20 UTC. Adds the date if the time is more than 20 hours away. */
export const clockTime = (time: Date, at: Date): string =>
  Math.abs(time.getTime() - at.getTime()) > 20 * hour ? moment(time) : moment(time).slice(11)

const unit = 1000

/** Writes a number of bytes: 812 B, 20 kB, 1.4 MB. */
export function byteCount(bytes: number): string {
  if (bytes < unit) return `${bytes} B`
  const [divisor, name] = bytes < unit ** 2 ? [unit, 'kB'] : bytes < unit ** 3 ? [unit ** 2, 'MB'] : [unit ** 3, 'GB']
  const value = bytes / divisor
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${name}`
}

/** Writes free disk space: 900 MB, 12 GB. The text is empty if the host has not reported its free disk space. */
export const diskSpace = (megabytes: number | null): string =>
  megabytes === null ? '' : megabytes < 10_000 ? `${megabytes} MB` : `${Math.round(megabytes / 1000)} GB`
