import type { FastifyInstance, FastifyRequest } from 'fastify'
import { enrolLine, readFirst, signedLine } from '../../../../agent-release/install-lines.ts'
import { isAdmin, requireAdmin } from '../../../../auth/plugin.ts'
import { inviteProblem } from '../../../../http/problems/outcomes.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import { publicUrlOf } from '../../../../http/public-url.ts'
import type { Services } from '../../../../services.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { PageError } from '../problem/page-error.ts'
import { renderInvitationPage } from './invitation-page.tsx'
import { renderInvitePage } from './page.tsx'

type InviteForm = FastifyRequest<{ Body: { name?: string } | null }>

/** The form for the name of a new host, and the page with the command that enrols the host. */
export function inviteRoute(app: FastifyInstance, services: Services): void {
  app.get('/hosts/new', async (request, reply) => {
    if (!isAdmin(request)) throw adminsOnly
    return sendPage(reply, renderInvitePage({ visit: await visitOf(services, request) }))
  })
  app.post('/hosts/new', { preHandler: requireAdmin }, async (request: InviteForm, reply) => {
    const name = request.body?.name?.trim() ?? ''
    const [visit, outcome] = await Promise.all([visitOf(services, request), services.farm.hosts.invite(name)])
    if (outcome.kind !== 'invited')
      return sendPage(
        reply.code(422),
        renderInvitePage({ visit, error: sentenceOf(inviteProblem(outcome).detail), name }),
      )
    reply.header('cache-control', 'no-store') // the page shows the token, which is a secret
    const farmUrl = publicUrlOf(services.config, request)
    const invitation = {
      ...outcome,
      farmUrl,
      line: enrolLine(farmUrl, outcome.token),
      readFirst: readFirst(await services.agentRelease(), farmUrl, outcome.token),
      signedLine: await signedLine(services, outcome.token),
    }
    return sendPage(reply, renderInvitationPage(visit, invitation))
  })
}

const adminsOnly = new PageError(404, {
  title: 'Only administrators can invite hosts',
  text: 'Run ./farm admin on the server: it prints a link that signs this browser in. Or run ./farm host invite NAME there: it prints the command for the host.',
})
