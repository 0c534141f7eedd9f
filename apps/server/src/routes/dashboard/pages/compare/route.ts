import type { Farm, JobView } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { lastGoodRun, startedAttempt } from '../../../runs/choose-run.ts'
import { compare } from '../../../runs/compare.ts'
import type { Run } from '../../../runs/facts.ts'
import { jobNumber, queryWord } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { missingJob } from '../problem/missing.ts'
import { noJob, PageError } from '../problem/page-error.ts'
import { renderComparePage } from './page.tsx'

type CompareRequest = FastifyRequest<{ Params: { id: string } }>

/** Compares a job with the last good job of its cell, or with the job `?with=`. */
export function compareRoute(app: FastifyInstance, services: Services): void {
  const { farm } = services
  app.get('/jobs/:id/compare', async (request: CompareRequest, reply) => {
    const after = newestRun(await findJob(farm, request.params.id))
    const word = queryWord(request, 'with')
    const before = word === undefined ? await goodRun(farm, after.job) : newestRun(await findJob(farm, word))
    const [visit, comparison] = await Promise.all([visitOf(services, request), compare(farm, before, after)])
    return sendPage(reply, renderComparePage({ visit, before, after, comparison }))
  })
}

async function findJob(farm: Farm, word: string): Promise<JobView> {
  const id = jobNumber(word)
  const job = id === undefined ? undefined : await farm.builds.findJob(id)
  if (!job) throw await missingJob(farm, word)
  return job
}

function newestRun(job: JobView): Run {
  const attempt = startedAttempt(job.attempts)
  if (!attempt) throw noJob(String(job.id))
  return { job, attempt }
}

async function goodRun(farm: Farm, job: JobView): Promise<Run> {
  const run = await lastGoodRun(farm, job)
  if (run) return run
  throw new PageError(404, {
    title: `Job ${job.id} has no other good run`,
    text: 'No other job of this host, architecture, variant and branch has passed. To compare two jobs, add ?with=NUMBER to the address.',
    next: { href: `/jobs/${job.id}`, text: 'Back to the job' },
  })
}
