import { api } from '@rumpfarm/contracts'
import type { Farm, JobView } from '@rumpfarm/farm'
import { Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { lastGoodRun, startedAttempt } from '../runs/choose-run.ts'
import { compare } from '../runs/compare.ts'
import type { Difference } from '../runs/differing-lines.ts'
import type { Run, StepRow } from '../runs/facts.ts'
import { findAttempt } from './find.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'

/** The comparison of two attempts. */
export const comparisons =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    app.get(
      '/jobs/:id/comparison',
      {
        schema: {
          tags: ['jobs'],
          operationId: 'compareJob',
          summary: 'Compare a job with the last good job: commits, compiler, steps, durations, first differing lines',
          description:
            '`with` names another job (`with=7`) or attempt (`with=7.2`) to compare with. The lines are those of the failed step.',
          params: api.IdParam,
          querystring: api.ComparisonFilter,
          response: { 200: api.ref(api.Comparison), ...refusalsFor('unknown') },
        },
      },
      async request => {
        const { attempt: number, with: other } = request.query
        const after = await findRun(farm, { id: request.params.id, number })
        const before = other === undefined ? await goodRun(farm, after.job) : await findRun(farm, idOf(other))
        const { facts, steps, step, lines, cut } = await compare(farm, before, after)
        return {
          before: runView(before),
          after: runView(after),
          facts,
          steps: steps.map(stepView),
          step: step ?? null,
          lines: lines ? { ...linesView(lines), cut } : null,
        }
      },
    )
  }

/** Reads JOB or JOB.NUMBER. */
function idOf(name: string): { id: number; number?: number } {
  const [id = '', number] = name.split('.')
  return { id: Number(id), ...(number === undefined ? {} : { number: Number(number) }) }
}

const findRun = (farm: Farm, wanted: { id: number; number?: number | undefined }): Promise<Run> =>
  findAttempt(farm, wanted, startedAttempt)

async function goodRun(farm: Farm, job: JobView): Promise<Run> {
  const run = await lastGoodRun(farm, job)
  if (run) return run
  throw new Refusal('unknown', `no other job of the cell of job ${job.id} has passed: name a job with ?with=NUMBER`)
}

const runView = ({ job, attempt }: Run) => ({
  attempt: attempt.attempt,
  jobId: job.id,
  buildId: job.buildId,
  host: job.host,
  arch: job.arch,
  variant: job.variant,
  branch: job.branch,
  commit: job.commit,
  verdict: attempt.verdict,
})

const stepView = ({ name, before, after }: StepRow) => ({ name, before: before ?? null, after: after ?? null })

const linesView = ({ hunks, equalLines, complete }: Difference) => ({
  equalLines,
  complete,
  differences: hunks.map(lines => lines.map(line => ({ ...line, number: line.number ?? null }))),
})
