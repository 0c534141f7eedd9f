import type { FastifyRequest } from 'fastify'
import { segment } from '../components/escape.ts'
import { queryWord, wholeNumber } from '../query.ts'
import { searchTextMax } from './search.ts'
import type { LineRange } from './window.ts'

/** The part of a job page's address that selects lines of the log. */
export interface LogQuery {
  /** The page starts at this byte. */
  from: number | undefined
  /** The page ends before this byte. */
  before: number | undefined
  lines: LineRange | undefined
  step: string | undefined
  find: string | undefined
  /** The number of the found line that the page shows, from 1. */
  match: number
  times: boolean
}

export function readLogQuery(request: FastifyRequest): LogQuery {
  const number = (name: string) => wholeNumber(queryWord(request, name))
  return {
    from: number('from'),
    before: number('before'),
    lines: lineRange(queryWord(request, 'lines') ?? queryWord(request, 'line')),
    step: queryWord(request, 'step'),
    find: queryWord(request, 'find')?.slice(0, searchTextMax),
    match: Math.max(1, number('match') ?? 1),
    times: queryWord(request, 'times') === '1',
  }
}

/** Reads `120` or `120-140`. */
function lineRange(text: string | undefined): LineRange | undefined {
  const [, one, other] = /^([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(text ?? '') ?? []
  if (one === undefined) return undefined
  const numbers = [Number(one), Number(other ?? one)].sort((a, b) => a - b)
  return { first: numbers[0] as number, last: numbers[1] as number }
}

/** The path of a job page with these parameters. The page keeps showing times if it shows them now. */
export function logPath(
  path: string,
  { times }: Pick<LogQuery, 'times'>,
  parameters: Record<string, string | number | undefined>,
  target = 'log',
): string {
  const given = Object.entries({ ...parameters, times: times ? 1 : undefined }).filter(
    ([, value]) => value !== undefined,
  )
  const query = given.map(([name, value]) => `${name}=${segment(String(value))}`).join('&')
  return `${path}${query && '?'}${query}#${target}`
}
