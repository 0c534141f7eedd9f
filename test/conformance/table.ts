import { existsSync, readFileSync } from 'node:fs'

/** A result line. conformance.test.ts writes one line before each round and one line after it. */
export interface Result {
  shell: string
  client: string
  scenario: string
  /** Absent before the end of the round. */
  passed?: boolean
  /** The program that this machine lacks for the round. */
  missing?: string | undefined
}

/** The results in a file with one JSON object per line; none if the file is missing. */
export const read = (file: string): Result[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
    : []

/**
 * A table with a row for each shell and a column for each client. A cell shows how many scenarios passed, and lists the
 * others.
 */
export function tableOf(results: readonly Result[]): string {
  const [shells, clients] = [unique(results.map(({ shell }) => shell)), unique(results.map(({ client }) => client))]
  const row = (shell: string) => clients.map(client => cellOf(results.filter(isOf(shell, client))))
  const lines = [
    ['shell', ...clients],
    ['---', ...clients.map(() => '---')],
    ...shells.map(shell => [shell, ...row(shell)]),
  ]
  return lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')
}

export const failures = (results: readonly Result[]): string[] =>
  planned(results)
    .filter(round => !round.missing && !hasPassed(results, round))
    .map(nameOf)

export const successes = (results: readonly Result[]): string[] =>
  planned(results)
    .filter(round => hasPassed(results, round))
    .map(nameOf)

const nameOf = ({ shell, client, scenario }: Result): string => `${shell}, ${client}: ${scenario}`

function cellOf(results: readonly Result[]): string {
  const rounds = planned(results)
  const passed = rounds.filter(round => hasPassed(results, round)).length
  const failed = rounds.filter(round => !round.missing && !hasPassed(results, round))
  if (rounds.length === 0) return ''
  if (rounds.every(({ missing }) => missing)) return 'not here'
  return [`${passed}/${rounds.length}`, ...failed.map(({ scenario }) => scenario)].join('<br>')
}

/** Each planned round once, even if several runs played it. */
const planned = (results: readonly Result[]): Result[] => [
  ...new Map(results.filter(({ passed }) => passed === undefined).map(round => [nameOf(round), round])).values(),
]

export const hasPassed = (results: readonly Result[], round: Result): boolean =>
  results.some(result => result.passed && nameOf(result) === nameOf(round))

const isOf = (shell: string, client: string) => (result: Result) => result.shell === shell && result.client === client

const unique = (words: readonly string[]): string[] => [...new Set(words)]

/** Returns the page with this text between the two comments that mark the table. */
export function withTable(page: string, text: string, name = 'conformance'): string {
  const marks = { begin: `<!-- ${name} -->`, end: `<!-- /${name} -->` }
  const [begin, end] = [page.indexOf(marks.begin), page.indexOf(marks.end)]
  if (begin < 0 || end < begin) throw new Error(`the page lacks its marks ${marks.begin} and ${marks.end}`)
  return `${page.slice(0, begin + marks.begin.length)}\n${text}\n${page.slice(end)}`
}
