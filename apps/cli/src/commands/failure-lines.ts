import { clean } from '../terminal/clean.ts'
import type { Style } from '../terminal/style.ts'
import { counted, short } from '../terminal/words.ts'
import { type FailureGroup, lookWords } from './looks.ts'

/** Two or three lines for each group of failing cells. */
export const failureLines = (groups: readonly FailureGroup[], style: Style): string[] =>
  groups.flatMap(group => {
    const { project, branch, step, message, look, cells } = group
    const { word, colour } = lookWords[look]
    const hosts = [...new Set(cells.map(({ host }) => host))]
    const first = [...cells].sort((a, b) => a.since.at.localeCompare(b.since.at))[0]
    const since = first ? ` since ${short(first.since.commit)} (${first.since.at.slice(0, 10)})` : ''
    const where = `on ${counted(hosts.length, 'host')}: ${namesOf(hosts)}`
    return [
      `${style(colour, word.padEnd(5))} ${clean(`${project} ${branch}: ${step ?? 'a step'} fails${since}, ${where}`)}`,
      ...(message === null ? [] : [`      ${clean(message)}`]),
      ...(first ? [style('grey', `      job ${first.jobId}`)] : []),
    ]
  })

const namesMax = 5

const namesOf = (names: readonly string[]): string =>
  names.length <= namesMax
    ? names.join(', ')
    : `${names.slice(0, namesMax).join(', ')} and ${names.length - namesMax} more`
