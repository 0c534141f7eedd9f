import { type Outcome, outcomes } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { jobNumber, queryWord, wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { missingJob } from '../problem/missing.ts'
import { PageError } from '../problem/page-error.ts'
import { renderJobTestsPage } from './page.tsx'

type TestsRequest = FastifyRequest<{ Params: { id: string; number?: string } }>

const pageSize = 200
const slowestShown = 10

/** The tests of an attempt of a job; by default, of the newest attempt. */
export function jobTestsRoute(app: FastifyInstance, services: Services): void {
  const { farm } = services
  const page = async (request: TestsRequest, reply: FastifyReply) => {
    const { job, number } = await findJob(request)
    const attempt = { jobId: job.id, number }
    const show = outcomes.find(outcome => outcome === queryWord(request, 'show'))
    const after = wholeNumber(queryWord(request, 'after'))
    const summary = await farm.testResults.summary(attempt)
    const isFirst = after === undefined
    // Without a choice, the first page has the failed tests with their output, and then the tests with each outcome.
    const [failed, found, slowest, visit] = await Promise.all([
      isFirst && show === undefined ? listed(attempt, ['failed', 'errored']) : [],
      listed(attempt, show && [show], after),
      isFirst && show === undefined ? farm.testResults.slowestOfAttempt(attempt, slowestShown) : [],
      visitOf(services, request),
    ])
    const tests = found.slice(0, pageSize)
    const next = found.length > pageSize ? tests.at(-1)?.testId : undefined
    return sendPage(reply, renderJobTestsPage({ visit, job, number, summary, show, failed, tests, next, slowest }))
  }
  app.get('/jobs/:id/tests', page)
  app.get('/jobs/:id/attempts/:number/tests', page)

  const listed = (attempt: { jobId: number; number: number }, wanted?: Outcome[], after?: number) =>
    farm.testResults.ofAttempt(attempt, { outcomes: wanted, after, withExcerpt: true, limit: pageSize + 1 })

  async function findJob({ params }: TestsRequest) {
    const id = jobNumber(params.id)
    const job = id === undefined ? undefined : await farm.builds.findJob(id)
    if (!job) throw await missingJob(farm, params.id)
    const wanted = params.number === undefined ? undefined : wholeNumber(params.number)
    const attempt = job.attempts.find(({ number }) => params.number === undefined || number === wanted)
    if (!attempt)
      throw new PageError(404, {
        title: `Job ${job.id} has no attempt ${params.number}`,
        text: `The job has ${job.attempts.length} attempts.`,
        next: { href: `/jobs/${job.id}`, text: 'The newest attempt' },
      })
    return { job, number: attempt.number }
  }
}
