import type { components, FarmClient } from '@rumpfarm/client'
import { command, type Result, UsageError } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import type { Style } from '../terminal/style.ts'
import { table } from '../terminal/table.ts'
import { duration, short } from '../terminal/words.ts'
import { buildExit, cellName, statusBox, verdictExit } from './verdicts.ts'

type Comparison = components['schemas']['Comparison']
type Side = Comparison['before']

/** A job, or an attempt of it: `12` or `12.3`. */
function readAttempt(name: string, text: string): { job: number; attempt?: number } {
  const [, job, attempt] = /^([1-9]\d{0,14})(?:\.([1-9]\d{0,5}))?$/.exec(text) ?? []
  if (job === undefined)
    throw new UsageError(`${name} is "${text}"; it must be a job such as 12, or an attempt such as 12.3`)
  return { job: Number(job), ...(attempt === undefined ? {} : { attempt: Number(attempt) }) }
}

const sideText = ({ attempt, verdict, commit, ...cell }: Side): string =>
  clean(`attempt ${attempt}: ${verdict ?? 'no verdict'}, ${cellName(cell)} at ${short(commit)}`)

const timeOf = (step: Comparison['steps'][number]['before']): string =>
  step === null ? '-' : `exit ${step.exit}, ${duration(step.milliseconds)}`

function comparisonLines(
  { before, after, facts, steps, step, lines }: Comparison,
  style: Style,
  columns: number,
): string[] {
  const signs = { same: ' ', before: '-', after: '+' } as const
  const colours = { same: undefined, before: 'red', after: 'green' } as const
  return [
    `before  ${sideText(before)}`,
    `after   ${sideText(after)}`,
    ...(facts.length > 0
      ? [
          '',
          ...table(
            facts.map(fact => [fact.name, fact.before, fact.after]),
            { head: ['DIFFERS', 'BEFORE', 'AFTER'], style, columns },
          ),
        ]
      : []),
    ...(steps.length > 0
      ? [
          '',
          ...table(
            steps.map(one => [one.name, timeOf(one.before), timeOf(one.after)]),
            { head: ['STEP', 'BEFORE', 'AFTER'], style, columns },
          ),
        ]
      : []),
    ...(lines ? ['', `first differing lines of ${clean(step ?? 'the log')}:`] : []),
    ...(lines?.differences ?? []).flatMap((block, index) => [
      ...(index > 0 ? ['…'] : []),
      ...block.map(({ kind, text }) => style(colours[kind], `${signs[kind]} ${clean(text)}`)),
    ]),
    ...(lines?.cut ? ['and more differences'] : []),
  ]
}

/** The cells whose jobs have other verdicts in two builds. */
async function compareBuilds(
  client: FarmClient,
  ids: [number, number],
  style: Style,
  columns: number,
): Promise<Result> {
  const [before, after] = await Promise.all(
    ids.map(id => client.get('/api/v1/builds/{id}', { params: { path: { id } } })),
  )
  if (!before || !after) throw new Error('a build is missing')
  const key = (job: { host: string; arch: string; variant: string }) =>
    JSON.stringify([job.host, job.arch, job.variant])
  const earlier = new Map(before.jobs.map(job => [key(job), job]))
  const later = new Map(after.jobs.map(job => [key(job), job]))
  const changes = [...new Set([...earlier.keys(), ...later.keys()])]
    .map(cell => ({ before: earlier.get(cell), after: later.get(cell) }))
    .filter(one => one.before?.verdict !== one.after?.verdict || one.before?.failedStep !== one.after?.failedStep)
    .flatMap(one => {
      const job = one.after ?? one.before
      return job
        ? [
            {
              cell: { host: job.host, arch: job.arch, variant: job.variant },
              before: one.before ?? null,
              after: one.after ?? null,
            },
          ]
        : []
    })
  const box = (job: (typeof before.jobs)[number] | null) => (job ? statusBox(job) : '-')
  const rows = changes.map(one => [cellName(one.cell), box(one.before), box(one.after), one.after?.failedStep ?? ''])
  const head = ['CELL', `BUILD ${before.id}`, `BUILD ${after.id}`, 'FAILED STEP']
  const value = { before: before.id, after: after.id, changes }
  const lines =
    rows.length > 0 ? table(rows, { head, style, columns }) : ['every cell has the same verdict in both builds']
  return { value, lines, exit: buildExit(after.counts) }
}

export const compare = command({
  says: 'Compare two jobs, or a job with the last good job of its cell.',
  more: [
    'A job is a number such as 12, and an attempt has a name such as 12.3. The command prints what differs around the',
    'jobs, their steps, and the first differing lines of the failed step.',
    'The exit code is the verdict of the later job or build.',
  ],
  args: {
    a: { says: 'the earlier job; if it is alone, its last good job is the earlier one', completes: 'job' },
    b: { optional: true, says: 'the later job', completes: 'job' },
  },
  flags: { builds: { kind: 'switch', says: 'A and B are builds: list the cells with another verdict' } },
  examples: ['compare 120', 'compare 80.1 120.2', 'compare 41 42 --builds'],
  async run({ farm, style, out }, { args: { a, b }, flags }) {
    const client = await farm()
    const [first, second] = [readAttempt('A', a), b === undefined ? undefined : readAttempt('B', b)]
    if (flags.builds) {
      if (!second || first.attempt || second.attempt) throw new UsageError('--builds needs the numbers of two builds')
      return compareBuilds(client, [first.job, second.job], style, out.columns())
    }
    const later = second ?? first
    const query = { ...(second ? { with: a } : {}), ...(later.attempt ? { attempt: later.attempt } : {}) }
    const found = await client.get('/api/v1/jobs/{id}/comparison', { params: { path: { id: later.job }, query } })
    return {
      value: found,
      lines: comparisonLines(found, style, out.columns()),
      exit: verdictExit(found.after.verdict),
    }
  },
})
