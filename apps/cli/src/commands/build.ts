import type { components } from '@rumpfarm/client'
import { command } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import type { Style } from '../terminal/style.ts'
import { type Box, table } from '../terminal/table.ts'
import { counted, duration, utc } from '../terminal/words.ts'
import { buildExit, countsText, statusBox, worstFirst } from './verdicts.ts'

type Schemas = components['schemas']
type JobSummary = Schemas['JobSummary']

/** How long a job took, or has run until now. */
export function runTime({ startedAt, finishedAt }: Pick<JobSummary, 'startedAt' | 'finishedAt'>, now: Date): string {
  if (startedAt === null) return ''
  return duration((finishedAt === null ? now.getTime() : Date.parse(finishedAt)) - Date.parse(startedAt))
}

const jobRow = (job: JobSummary, now: Date): Box[] => [
  String(job.id),
  job.host,
  job.arch,
  job.variant,
  statusBox(job),
  runTime(job, now),
  job.failedStep ?? '',
]

export const jobHead = ['JOB', 'HOST', 'ARCH', 'VARIANT', 'STATUS', 'TIME', 'FAILED STEP']

export const jobTable = (jobs: readonly JobSummary[], now: Date, style: Style, columns: number): string[] =>
  table(
    [...jobs].sort(worstFirst).map(job => jobRow(job, now)),
    { head: jobHead, style, columns },
  )

/** The distinct failures of a build, two lines each. */
export const buildFailureLines = ({ groups, more }: Schemas['BuildFailures'], style: Style): string[] => [
  ...groups.flatMap(({ step, hosts, jobs, message, cells, fingerprint, firstBuildId }) => [
    `${style('red', 'fail')} ${clean(step)} on ${counted(hosts, 'host')} (${counted(jobs, 'job')}), first in build ${firstBuildId}`,
    `     ${clean(message)}`,
    style('grey', `     job ${cells[0]?.jobId}, fingerprint ${clean(fingerprint)}`),
  ]),
  ...(more ? ['and more failures'] : []),
]

export const titleOf = ({ id, project, commit, branch, subject }: Schemas['BuildSummary']): string =>
  clean(
    `Build ${id}: ${project} at ${commit.slice(0, 12)}${branch === null ? '' : ` (${branch})`}${subject ? ` ${subject}` : ''}`,
  )

export const build = command({
  says: 'Show a build: its jobs and its distinct failures.',
  more: ['The exit code is 0 if all jobs have passed, 1 if a job has failed, and 3 if there is no verdict yet.'],
  args: { build: { number: true, says: 'the number of the build', completes: 'build' } },
  flags: { failed: { kind: 'switch', says: 'list only the jobs that did not pass' } },
  async run({ farm, style, out, now }, { args, flags }) {
    const client = await farm()
    const params = { path: { id: args.build } }
    const [found, failures] = await Promise.all([
      client.get('/api/v1/builds/{id}', { params }),
      client.get('/api/v1/builds/{id}/failures', { params }),
    ])
    const jobs = flags.failed ? found.jobs.filter(({ verdict }) => verdict !== 'passed') : found.jobs
    const lines = buildFailureLines(failures, style)
    return {
      value: { ...found, jobs, failures: failures.groups },
      lines: [
        style('bold', titleOf(found)),
        `created ${utc(found.createdAt)}${found.author === null ? '' : ` · ${clean(found.author)}`} · ${countsText(found.counts)}`,
        ...(found.problem === null ? [] : [clean(found.problem)]),
        ...(jobs.length > 0 ? ['', ...jobTable(jobs, now(), style, out.columns())] : []),
        ...(lines.length > 0 ? ['', ...lines] : []),
      ],
      exit: buildExit(found.counts),
    }
  },
})
