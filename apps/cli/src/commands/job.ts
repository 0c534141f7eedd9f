import { type FarmClient, Refusal } from '@rumpfarm/client'
import { command } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import { table } from '../terminal/table.ts'
import { duration, short, size, utc } from '../terminal/words.ts'
import { runTime } from './build.ts'
import { cellName, statusBox, verdictExit } from './verdicts.ts'

/** The failure of a job; undefined if it has none, or if the farm has not read its log yet. */
async function failureOf(client: FarmClient, id: number) {
  try {
    return await client.get('/api/v1/jobs/{id}/failure', { params: { path: { id } } })
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return undefined
    throw error
  }
}

export const job = command({
  says: 'Show a job: its steps, its failure and its artifacts.',
  more: ['The exit code is 0 if the job has passed, 1 if it has failed, and 3 if there is no verdict.'],
  args: { job: { number: true, says: 'the number of the job', completes: 'job' } },
  async run({ farm, style, out, now, program }, { args }) {
    const client = await farm()
    const found = await client.get('/api/v1/jobs/{id}', { params: { path: { id: args.job } } })
    const failure = found.verdict === null || found.verdict === 'passed' ? undefined : await failureOf(client, args.job)
    const status = statusBox(found)
    const steps = found.steps.map(({ name, exit, milliseconds }) => [
      name,
      { text: `exit ${exit}`, colour: exit === 0 ? ('green' as const) : ('red' as const) },
      duration(milliseconds),
    ])
    const [newest] = found.attempts
    const artifacts = (newest?.artifacts ?? []).map(({ name, bytes }) => [size(bytes), name])
    const columns = out.columns()
    return {
      value: { ...found, failure: failure ?? null },
      lines: [
        style('bold', clean(`Job ${found.id}: ${found.project} at ${short(found.commit)} on ${cellName(found)}`)),
        `${typeof status === 'string' ? status : style(status.colour, status.text)} · build ${found.buildId} · attempt ${found.attempt}${found.startedAt === null ? '' : ` · started ${utc(found.startedAt)} · ${runTime(found, now())}`}`,
        ...(newest?.detail ? [clean(newest.detail)] : []),
        ...(steps.length > 0 ? ['', ...table(steps, { style, columns })] : []),
        ...(failure
          ? ['', style('red', clean(failure.message)), ...failure.excerpt.lines.map(line => `  ${clean(line)}`)]
          : []),
        ...(failure
          ? [
              `on ${failure.spread.hosts} of ${failure.spread.of} hosts · ${program} log ${found.id} --step ${clean(failure.step)}`,
            ]
          : []),
        ...(artifacts.length > 0 ? ['', 'Artifacts:', ...table(artifacts, { style, columns })] : []),
      ],
      exit: verdictExit(found.verdict),
    }
  },
})
