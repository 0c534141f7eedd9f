/** A result line. hosts.emulated.ts writes one line before each scenario and one line after it. */
export interface Result {
  machine: string
  scenario: string
  /** Absent before the end of the scenario. */
  passed?: boolean
  seconds?: number
  /** The program that the real machine lacks for the emulated machine. */
  missing?: string | undefined
  /** The date of the run. */
  date?: string
  /** Facts from the host's hello. */
  facts?: Facts | undefined
}

export interface Facts {
  uname: string
  client: string
  launcher: string
  sum: string
}

/** One row per machine, and one column per scenario with the number from the list below the table. */
export function tableOf(results: readonly Result[]): string {
  const scenarios = unique(results.map(({ scenario }) => scenario))
  const heads = [
    'machine',
    'uname',
    'client',
    'launcher',
    'checksum',
    ...scenarios.map((_, at) => `${at + 1}`),
    'seconds',
    'date',
  ]
  const machines = unique(results.map(({ machine }) => machine))
  const rows = machines.map(machine =>
    row(
      results.filter(result => result.machine === machine),
      machine,
      scenarios,
    ),
  )
  const lines = [heads, heads.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`)
  return [...lines, '', ...scenarios.map((scenario, at) => `${at + 1}. ${scenario}`)].join('\n')
}

export const failures = (results: readonly Result[]): string[] =>
  results
    .filter(result => isPlan(result) && !result.missing && !endOf(results, result)?.passed)
    .map(({ machine, scenario }) => `${machine}: ${scenario}`)

function row(results: readonly Result[], machine: string, scenarios: readonly string[]): string[] {
  const facts = results.find(result => result.facts)?.facts
  const missing = results.find(result => result.missing)?.missing
  const date = results.find(result => result.date)?.date ?? ''
  const name = `\`${machine}\``
  if (missing) return [name, `not here: ${missing}`, ...scenarios.map(() => ''), '', '', '', '', '']
  const told = [facts?.uname, facts?.client, facts?.launcher, facts?.sum].map(text => text ?? '?')
  const seconds = results.reduce((sum, result) => sum + (result.seconds ?? 0), 0)
  return [name, ...told, ...scenarios.map(scenario => cell(results, scenario)), `${Math.round(seconds)}`, date]
}

function cell(results: readonly Result[], scenario: string): string {
  const plan = results.find(result => result.scenario === scenario && isPlan(result))
  if (!plan) return ''
  return endOf(results, plan)?.passed ? 'yes' : '**no**'
}

const isPlan = ({ passed }: Result): boolean => passed === undefined

const endOf = (results: readonly Result[], { machine, scenario }: Result): Result | undefined =>
  results.find(result => !isPlan(result) && result.machine === machine && result.scenario === scenario)

const unique = (words: readonly string[]): string[] => [...new Set(words)]
