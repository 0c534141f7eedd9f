import type { AttemptId } from '@rumpfarm/contracts'
import type { AttemptView, JobView } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../../../services.ts'
import type { JobLog } from '../log/job-log.tsx'
import { logSections } from '../log/sections.ts'
import { offsetOfLine, readWindow, windowBytes } from '../log/window.ts'
import { NotHere, noSuch } from '../not-found.ts'
import { queryWord, sendPage, visitOf, wholeNumber } from '../visit.ts'
import { drawJobPage } from './job.tsx'

type JobRequest = FastifyRequest<{ Params: { id: string; number?: string } }>

/** The page of a job, as its newest attempt or another one shows it. */
export function jobPages(app: FastifyInstance, services: Services): void {
  const page = async (request: JobRequest, reply: FastifyReply) => {
    const { job, attempt } = await find(services, request)
    const [visit, host] = await Promise.all([visitOf(services, request), services.farm.hosts.find(job.host)])
    return sendPage(
      reply,
      drawJobPage({ visit, job, attempt, host, log: await logOf(services, request, job, attempt) }),
    )
  }
  app.get('/jobs/:id', page)
  app.get('/jobs/:id/attempts/:number', page)
}

async function find({ farm }: Services, { params }: JobRequest): Promise<{ job: JobView; attempt: AttemptView }> {
  const id = wholeNumber(params.id)
  const job = id === undefined ? undefined : await farm.builds.findJob(id)
  if (!job) throw noSuch('job', params.id, { href: '/builds', text: 'All builds' })
  const wanted = params.number === undefined ? job.attempts[0]?.number : wholeNumber(params.number)
  const attempt = job.attempts.find(({ number }) => number === wanted)
  if (!attempt)
    throw new NotHere({
      title: `Job ${job.id} has no attempt ${params.number}`,
      text: `It was tried ${job.attempts.length} times.`,
      next: { href: `/jobs/${job.id}`, text: 'Its newest attempt' },
    })
  return { job, attempt }
}

async function logOf({ farm }: Services, request: FastifyRequest, job: JobView, attempt: AttemptView): Promise<JobLog> {
  const id: AttemptId = { jobId: job.id, number: attempt.number }
  const sections = logSections(attempt, job.recipe)
  const step = sections.find(section => section.step === queryWord(request, 'step'))?.step
  const start = step === undefined ? undefined : sections.find(section => section.step === step)?.start
  // Before its lease an attempt has written nothing.
  const reader = attempt.leasedAt === null ? { ...farm.attempts, logSize: () => 0 } : farm.attempts
  const size = reader.logSize(id)
  const far = start !== undefined && size - start > windowBytes ? start : undefined
  const before = wholeNumber(queryWord(request, 'before'))
  const line = wholeNumber(queryWord(request, 'line'))
  const ofLine = line === undefined ? undefined : await offsetOfLine(reader, id, line)
  const from = wholeNumber(queryWord(request, 'from')) ?? ofLine ?? (before === undefined ? far : undefined)
  const path = `/jobs/${job.id}/attempts/${attempt.number}`
  const window = await readWindow(reader, id, sections, { from, before })
  return {
    sections,
    window,
    path,
    attempt: attempt.attempt,
    rawPath: `/api/v1/jobs/${job.id}/attempts/${attempt.number}/log`,
    live: attempt.state !== 'finished',
    step,
  }
}
