import { type RetrySelection, retrySelections } from '@rumpfarm/contracts'
import { type Farm, lostDaysMax, type RetriesOutcome } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import { tooManyJobs } from '../../../../http/problems/outcomes.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import type { Services } from '../../../../services.ts'
import { segment } from '../../components/escape.ts'
import { seeOther } from '../../forms.ts'
import { jobNumber, queryWord, wholeNumber } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { missingBuild, missingJob } from '../problem/missing.ts'
import { noProject, PageError } from '../problem/page-error.ts'
import { renderRetryPage } from './page.tsx'
import { retryLead, retryTitle } from './words.ts'

type Numbered = FastifyRequest<{ Params: { id: string }; Body: { which?: string } | null }>
type LostForm = FastifyRequest<{ Body: { project?: string } | null }>

/** The pages that ask whether jobs should run again, and their forms. */
export function retryRoutes(app: FastifyInstance, services: Services): void {
  const { farm } = services
  const admin = { preHandler: requireAdmin }
  app.get('/jobs/:id/retry', (request: Numbered, reply) => sendJobPage(services, request, reply))
  app.get('/builds/:id/retry', (request: Numbered, reply) => sendBuildPage(services, request, reply))
  app.get('/lost', (request, reply) => sendLostPage(services, request, reply))

  app.post('/builds/:id/retry', admin, async ({ params: { id }, body }: Numbered, reply) => {
    await planOf(farm, await farm.builds.retry(wholeNumber(id) ?? 0, { which: selectionOf(body?.which) }), id)
    return seeOther(reply, `/builds/${id}`)
  })

  app.post('/lost', admin, async ({ body }: LostForm, reply) => {
    const project = body?.project || undefined
    await planOf(farm, await farm.builds.retryLost({ project }))
    return seeOther(reply, `/queue${projectQuery(project)}`)
  })
}

async function sendJobPage(services: Services, request: Numbered, reply: FastifyReply): Promise<FastifyReply> {
  const { id } = request.params
  const [visit, job] = await Promise.all([visitOf(services, request), services.farm.builds.findJob(jobNumber(id) ?? 0)])
  if (!job) throw await missingJob(services.farm, id)
  const isOpen = job.state !== 'finished'
  const plan = { jobs: isOpen ? 0 : 1, hosts: [{ host: job.host, jobs: 1 }], open: isOpen ? 1 : 0, refused: [] }
  const page = renderRetryPage({
    visit,
    title: `Run job ${id} again`,
    lead: `${job.project} for ${job.arch} on ${job.host}, with the same recipe and sources.`,
    plan,
    form: { to: `/jobs/${id}/retry` },
    back: { href: `/jobs/${id}`, text: `Back to job ${id}` },
  })
  return sendPage(reply, page)
}

async function sendBuildPage(services: Services, request: Numbered, reply: FastifyReply): Promise<FastifyReply> {
  const { id } = request.params
  const which = selectionOf(queryWord(request, 'which'))
  const [visit, outcome] = await Promise.all([
    visitOf(services, request),
    services.farm.builds.retry(wholeNumber(id) ?? 0, { which, dryRun: true }),
  ])
  const page = renderRetryPage({
    visit,
    title: `${retryTitle[which]}: build ${id}`,
    lead: retryLead[which],
    plan: await planOf(services.farm, outcome, id),
    form: { to: `/builds/${id}/retry`, fields: { which } },
    back: { href: `/builds/${id}`, text: `Back to build ${id}` },
  })
  return sendPage(reply, page)
}

async function sendLostPage(services: Services, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { farm } = services
  const project = queryWord(request, 'project')
  if (project !== undefined && !(await farm.projects.list()).has(project)) throw noProject(project)
  const [visit, outcome] = await Promise.all([
    visitOf(services, request),
    farm.builds.retryLost({ project, dryRun: true }),
  ])
  const page = renderRetryPage({
    visit,
    title: project === undefined ? retryTitle.lost : `${retryTitle.lost}: ${project}`,
    lead: `${retryLead.lost} Only jobs count that were lost in the last ${lostDaysMax} days.`,
    plan: await planOf(farm, outcome),
    form: { to: '/lost', fields: { project } },
    back: { href: `/queue${projectQuery(project)}`, text: 'Back to the queue' },
  })
  return sendPage(reply, page)
}

const projectQuery = (project: string | undefined): string =>
  project === undefined ? '' : `?project=${segment(project)}`

/** Without a known word: the failed jobs. */
const selectionOf = (word: string | undefined): RetrySelection =>
  retrySelections.find(selection => selection === word) ?? 'failed'

async function planOf(farm: Farm, outcome: RetriesOutcome, build = '') {
  if (outcome.kind === 'unknown') throw await missingBuild(farm, build)
  if (outcome.kind === 'retried') return outcome
  throw new PageError(409, {
    title: 'Too many jobs',
    text: sentenceOf(tooManyJobs(outcome.max).detail),
    next: { href: '/queue', text: 'The queue' },
  })
}
