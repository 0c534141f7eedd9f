import { randomUUID } from 'node:crypto'
import type { CancelOutcome, RetryOutcome } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { enrolLine, signedLine } from '../../agent-release/install-lines.ts'
import { acceptForms, isAdmin, requireAdmin } from '../../auth/plugin.ts'
import { alertProblem, inviteProblem, repeatedWithoutBuild, triggerProblem } from '../../http/problems/outcomes.ts'
import { sentenceOf } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { type TriggerOutcome, triggerBuild, triggered } from '../../trigger/trigger-build.ts'
import { segment } from './components/html.ts'
import { NotHere, noSuch } from './not-found.ts'
import { drawAlertPage } from './pages/hosts.tsx'
import { drawInvitationPage, drawInvitePage } from './pages/invite.tsx'
import { noProject } from './reading.ts'
import { sendPage, visitOf, wholeNumber } from './visit.ts'

type Numbered = FastifyRequest<{ Params: { id: string } }>
type Named = FastifyRequest<{ Params: { name: string }; Body: Record<string, string | undefined> | null }>

/** What an administrator does with a button; every form carries the session's own proof (access.ts). */
export function formRoutes(app: FastifyInstance, services: Services): void {
  acceptForms(app)
  const admin = { preHandler: requireAdmin }
  const { farm } = services

  app.post('/jobs/:id/cancel', admin, async ({ params }: Numbered, reply) => {
    refuseUnknown(await farm.builds.cancelJob(wholeNumber(params.id) ?? 0), 'job', params.id)
    return seeOther(reply, `/jobs/${params.id}`)
  })
  app.post('/jobs/:id/retry', admin, async ({ params }: Numbered, reply) => {
    refuseRetry(await farm.builds.retryJob(wholeNumber(params.id) ?? 0), params.id)
    return seeOther(reply, `/jobs/${params.id}`)
  })
  app.post('/builds/:id/cancel', admin, async ({ params }: Numbered, reply) => {
    refuseUnknown(await farm.builds.cancel(wholeNumber(params.id) ?? 0), 'build', params.id)
    return seeOther(reply, `/builds/${params.id}`)
  })
  app.post('/builds/:id/again', admin, async ({ params }: Numbered, reply) => {
    const build = await farm.builds.find(wholeNumber(params.id) ?? 0)
    if (!build) throw noSuch('build', params.id, { href: '/builds', text: 'All builds' })
    const { project, commit, branch, subject, author } = build
    const known = { branch: branch ?? undefined, subject: subject ?? undefined, author: author ?? undefined }
    const push = { project, commit, ...known, source: 'button', deliveryId: randomUUID(), again: true }
    const { buildId } = builtBy(project, triggered(await farm.builds.receivePush(push), commit, null))
    return seeOther(reply, `/builds/${buildId}`)
  })
  app.post('/projects/:name/trigger', admin, async ({ params, body }: Named, reply) => {
    const { buildId, created } = await trigger(services, params.name, body?.ref?.trim() || undefined)
    return seeOther(reply, `/builds/${buildId}${created ? '' : '?built=before'}`)
  })

  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    app.post(`/hosts/:name/${verb}`, admin, async ({ params }: Named, reply) => {
      if (!(await farm.hosts.setPaused(params.name, paused))) throw noHost(params.name)
      return seeOther(reply, `/hosts/${segment(params.name)}`)
    })
  }
  app.post('/hosts/:name/remove', admin, async ({ params }: Named, reply) => {
    if (!(await farm.hosts.remove(params.name))) throw noHost(params.name)
    return seeOther(reply, '/hosts')
  })
  alertRoutes(app, services)
  inviteRoutes(app, services)
}

// Loading the page again after it must not send the form again.
const seeOther = (reply: FastifyReply, path: string) => reply.redirect(path, 303)

const noHost = (name: string) => noSuch('host', name, { href: '/hosts', text: 'All hosts' })

function alertRoutes(app: FastifyInstance, services: Services): void {
  const admin = { preHandler: requireAdmin }
  app.post('/hosts/:name/alert', admin, async (request: Named, reply) => {
    const { name } = request.params
    const outcome = await services.farm.hosts.setAlert(name, request.body?.url?.trim() ?? '')
    if (outcome.kind === 'unknown-host') throw noHost(name)
    if (outcome.kind !== 'set') throw notTold(name, outcome)
    reply.header('cache-control', 'no-store')
    return sendPage(reply, drawAlertPage(await visitOf(services, request), name, outcome.secret))
  })
  app.post('/hosts/:name/alert/off', admin, async ({ params }: Named, reply) => {
    if ((await services.farm.hosts.setAlert(params.name, null)).kind === 'unknown-host') throw noHost(params.name)
    return seeOther(reply, `/hosts/${segment(params.name)}`)
  })
}

const notTold = (name: string, outcome: { kind: 'off' } | { kind: 'bad-url'; expected: string }) =>
  new NotHere({
    title: 'That address cannot be told',
    text: outcome.kind === 'bad-url' ? sentenceOf(alertProblem(outcome).detail) : 'It is empty.',
    next: { href: `/hosts/${segment(name)}`, text: `Back to ${name}` },
  })

function inviteRoutes(app: FastifyInstance, services: Services): void {
  app.get('/hosts/new', async (request, reply) => {
    if (!isAdmin(request)) throw adminsOnly
    return sendPage(reply, drawInvitePage(await visitOf(services, request)))
  })
  app.post('/hosts/new', { preHandler: requireAdmin }, async (request: Named, reply) => {
    const name = request.body?.name?.trim() ?? ''
    const [visit, outcome] = await Promise.all([visitOf(services, request), services.farm.hosts.invite(name)])
    if (outcome.kind !== 'invited')
      return sendPage(reply.code(422), drawInvitePage(visit, sentenceOf(inviteProblem(outcome).detail), name))
    const lines = {
      farmUrl: publicUrlOf(services.config, request),
      line: enrolLine(publicUrlOf(services.config, request), outcome.token),
      signedLine: await signedLine(services, outcome.token),
    }
    reply.header('cache-control', 'no-store') // the token is a secret
    return sendPage(reply, drawInvitationPage(visit, { ...outcome, ...lines }))
  })
}

const adminsOnly = new NotHere({
  title: 'Only administrators invite hosts',
  text: 'Run ./farm admin where the farm is installed: it prints a link that signs this browser in. Or let ./farm host invite NAME print the line for the host.',
})

function refuseUnknown(outcome: CancelOutcome, what: string, id: string): void {
  if (outcome.kind === 'unknown') throw noSuch(what, id, { href: '/builds', text: 'All builds' })
}

function refuseRetry(outcome: RetryOutcome, id: string): void {
  if (outcome.kind === 'unknown') throw noSuch('job', id, { href: '/builds', text: 'All builds' })
  if (outcome.kind !== 'not-runnable') return
  const next = { href: `/jobs/${id}`, text: 'Back to the job' }
  throw new NotHere({ title: 'It cannot run again', text: `${outcome.why}.`, next })
}

async function trigger(
  services: Services,
  project: string,
  ref: string | undefined,
): Promise<{ buildId: number; created: boolean }> {
  const outcome = await triggerBuild(services, { project, ref, source: 'button', deliveryId: randomUUID() })
  return builtBy(project, outcome)
}

function builtBy(project: string, outcome: TriggerOutcome): { buildId: number; created: boolean } {
  switch (outcome.kind) {
    case 'built':
      return outcome
    case 'unknown-project':
      throw noProject(project)
    case 'repeated':
      if (outcome.buildId !== null) return { buildId: outcome.buildId, created: false }
      throw notTriggered(project, sentenceOf(repeatedWithoutBuild))
    default:
      throw notTriggered(project, sentenceOf(triggerProblem(project, outcome).detail))
  }
}

const notTriggered = (name: string, text: string) =>
  new NotHere({
    title: `${name} was not built`,
    text,
    next: { href: `/projects/${segment(name)}`, text: `Back to ${name}` },
  })
