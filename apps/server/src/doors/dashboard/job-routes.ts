import type { AttemptId } from '@rumpfarm/contracts'
import type { AttemptView, JobView } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Parts } from '../../parts.ts'
import { followAttempt } from './live/job-events.tsx'
import type { Streams } from './live/stream.ts'
import type { JobLog } from './log/job-log.tsx'
import { logSections } from './log/sections.ts'
import { type LogPlace, offsetOfLine, readWindow, windowBytes } from './log/window.ts'
import { NotHere, noSuch } from './not-found.ts'
import { drawJobPage } from './pages/job.tsx'
import { queryWord, sendPage, visitOf, wholeNumber } from './visit.ts'

type JobRequest = FastifyRequest<{ Params: { id: string; number?: string } }>

/** The page of a job, as its newest attempt or another one shows it, and its live events. */
export function jobPages(app: FastifyInstance, parts: Parts, streams: Streams): void {
  const page = async (request: JobRequest, reply: FastifyReply) => {
    const { job, attempt } = await find(parts, request)
    const [visit, host] = await Promise.all([visitOf(parts, request), parts.farm.findHost(job.host)])
    return sendPage(reply, drawJobPage({ visit, job, attempt, host, log: await logOf(parts, request, job, attempt) }))
  }
  app.get('/jobs/:id', page)
  app.get('/jobs/:id/attempts/:number', page)

  app.get('/jobs/:id/attempts/:number/events', async (request: JobRequest, reply) => {
    const { job, attempt } = await find(parts, request)
    const visit = await visitOf(parts, request)
    const stream = streams.open(request, reply)
    if (!stream) return tooMany(reply)
    const watch = { visit, attempt: { jobId: job.id, number: attempt.number }, place: placeOf(request) }
    await followAttempt(parts, stream, watch).catch(error => {
      request.log.error({ err: error, attempt: attempt.attempt }, 'a live log ended early; its page will ask again')
    })
    return reply
  })
}

export const tooMany = (reply: FastifyReply): FastifyReply =>
  reply
    .code(429)
    .header('retry-after', '30')
    .type('text/plain')
    .send(
      'too many live pages are open, from this address or on this server: close some, or load the page again later\n',
    )

async function find({ farm }: Parts, { params }: JobRequest): Promise<{ job: JobView; attempt: AttemptView }> {
  const id = wholeNumber(params.id)
  const job = id === undefined ? undefined : await farm.findJob(id)
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

async function logOf({ farm }: Parts, request: FastifyRequest, job: JobView, attempt: AttemptView): Promise<JobLog> {
  const id: AttemptId = { jobId: job.id, number: attempt.number }
  const sections = logSections(attempt, job.recipe)
  const step = sections.find(section => section.step === queryWord(request, 'step'))?.step
  const start = step === undefined ? undefined : sections.find(section => section.step === step)?.start
  const reader = attempt.leasedAt === null ? { ...farm, logSize: () => 0 } : farm // before that it has written nothing
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
    rawPath: `/api/v1/jobs/${job.id}/attempts/${attempt.number}/log`,
    live: attempt.state !== 'finished',
    step,
  }
}

/** Where the browser is: what it names after a break, or where its page ended. */
function placeOf(request: FastifyRequest): LogPlace {
  const [offset, line] = String(request.headers['last-event-id'] ?? '').split(':')
  const after = wholeNumber(offset) ?? wholeNumber(queryWord(request, 'after'))
  return { offset: after ?? 0, line: wholeNumber(line) ?? wholeNumber(queryWord(request, 'line')) ?? 1 }
}
