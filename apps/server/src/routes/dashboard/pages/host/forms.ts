import type { FastifyInstance, FastifyRequest } from 'fastify'
import { requireAdmin } from '../../../../auth/plugin.ts'
import { alertProblem } from '../../../../http/problems/outcomes.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import type { Services } from '../../../../services.ts'
import { segment } from '../../components/escape.ts'
import { seeOther } from '../../forms.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noHost, PageError } from '../problem/page-error.ts'
import { renderAlertSecretPage } from './alert.tsx'

type HostForm = FastifyRequest<{ Params: { name: string }; Body: { url?: string } | null }>

const pagePath = (name: string) => `/hosts/${segment(name)}`

export function hostForms(app: FastifyInstance, services: Services): void {
  const admin = { preHandler: requireAdmin }
  const { farm } = services

  app.post('/hosts/:name/pause', admin, async ({ params: { name } }: HostForm, reply) => {
    if (!(await farm.hosts.setPaused(name, true))) throw noHost(name)
    return seeOther(reply, pagePath(name))
  })
  app.post('/hosts/:name/resume', admin, async ({ params: { name } }: HostForm, reply) => {
    if (!(await farm.hosts.setPaused(name, false))) throw noHost(name)
    return seeOther(reply, pagePath(name))
  })

  app.post('/hosts/:name/remove', admin, async ({ params: { name } }: HostForm, reply) => {
    if (!(await farm.hosts.remove(name))) throw noHost(name)
    return seeOther(reply, '/hosts')
  })

  app.post('/hosts/:name/alert', admin, async (request: HostForm, reply) => {
    const { name } = request.params
    const outcome = await farm.hosts.setAlert(name, request.body?.url?.trim() ?? '')
    if (outcome.kind === 'unknown-host') throw noHost(name)
    if (outcome.kind === 'set-mail') return seeOther(reply, pagePath(name))
    if (outcome.kind !== 'set') throw badAlertUrl(name, outcome)
    reply.header('cache-control', 'no-store') // the page shows a secret
    return sendPage(reply, renderAlertSecretPage(await visitOf(services, request), name, outcome.secret))
  })
  app.post('/hosts/:name/alert/off', admin, async ({ params: { name } }: HostForm, reply) => {
    if ((await farm.hosts.setAlert(name, null)).kind === 'unknown-host') throw noHost(name)
    return seeOther(reply, pagePath(name))
  })
}

const badAlertUrl = (name: string, outcome: { kind: 'off' } | { kind: 'bad-url'; expected: string }) =>
  new PageError(409, {
    title: 'The alert was not saved',
    text: outcome.kind === 'bad-url' ? sentenceOf(alertProblem(outcome).detail) : 'The address is empty.',
    next: { href: pagePath(name), text: `Back to ${name}` },
  })
