import type { AttemptView, JobView } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { defaultAttempt } from '../../../runs/default-attempt.ts'
import { readLogQuery } from '../../log/log-query.ts'
import { jobNumber, wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { missingJob } from '../problem/missing.ts'
import { PageError } from '../problem/page-error.ts'
import { logOf } from './log.ts'
import { renderJobPage } from './page.tsx'
import { stateOf } from './state-of.ts'

type JobRequest = FastifyRequest<{ Params: { id: string; number?: string } }>

/** The page of a job, with the newest attempt or the attempt in the address. */
export function jobRoute(app: FastifyInstance, services: Services): void {
  const htmlOf = async (request: JobRequest, reply: FastifyReply): Promise<string> => {
    const { job, attempt, logSize } = await findWithLogSize(services, request)
    const [visit, state] = await Promise.all([visitOf(services, request), stateOf(services.farm, job, attempt)])
    const log = await logOf(
      services.farm,
      { request, reply },
      { job, attempt, logSize, failure: state.failure?.failure },
    )
    return renderJobPage({ visit, job, attempt, ...state, log })
  }
  const page = async (request: JobRequest, reply: FastifyReply) => {
    // A search in a log ends with the connection of its reader, so nobody else can share it.
    if (readLogQuery(request).find !== undefined) return sendPage(reply, await htmlOf(request, reply))
    return app.livePages.send(request, reply, () => htmlOf(request, reply))
  }
  app.get('/jobs/:id', page)
  app.get('/jobs/:id/attempts/:number', page)
}

export interface Found {
  job: JobView
  attempt: AttemptView
  logSize: number
}

/**
 * Reads a running job twice. A message of a host stores the ended steps before the bytes, so the steps that were read after
 * the size cover all bytes.
 */
async function findWithLogSize(services: Services, request: JobRequest): Promise<Found> {
  const { logSize } = services.farm.attempts
  const found = await findAttempt(services, request)
  const id = { jobId: found.job.id, number: found.attempt.number }
  // Before the lease, no host has written to the log.
  if (found.attempt.leasedAt === null) return { ...found, logSize: 0 }
  const size = await logSize(id)
  if (found.attempt.state !== 'running') return { ...found, logSize: size }
  const again = await findAttempt(services, request)
  return { ...(again.attempt.number === found.attempt.number ? again : found), logSize: size }
}

async function findAttempt({ farm }: Services, { params }: JobRequest) {
  const id = jobNumber(params.id)
  const job = id === undefined ? undefined : await farm.builds.findJob(id)
  if (!job) throw await missingJob(farm, params.id)
  const wanted = params.number === undefined ? defaultAttempt(job.attempts)?.number : wholeNumber(params.number)
  const attempt = job.attempts.find(({ number }) => number === wanted)
  if (!attempt)
    throw new PageError(404, {
      title: `Job ${job.id} has no attempt ${params.number}`,
      text: `The job has ${job.attempts.length} attempts.`,
      next: { href: `/jobs/${job.id}`, text: 'The newest attempt' },
    })
  return { job, attempt }
}
