import type { FastifyInstance } from 'fastify'
import { isAdmin } from '../../../../auth/plugin.ts'
import type { Services } from '../../../../services.ts'
import { previewOf } from '../../../runs/expiry-preview.ts'
import { queryWord } from '../../query.ts'
import { sendPage } from '../../send-page.ts'
import { visitOf } from '../../visit.ts'
import { noProject, PageError } from '../problem/page-error.ts'
import { renderRetentionPage } from './page.tsx'

/** What each project keeps, and what the farm would delete now of one of them: a preview takes up to two seconds. */
export function retentionRoute(app: FastifyInstance, services: Services): void {
  const { farm } = services
  app.get('/retention', async (request, reply) => {
    if (!isAdmin(request)) throw adminsOnly
    const [visit, active, kept] = await Promise.all([
      visitOf(services, request),
      farm.projects.list(),
      farm.retention.projects(),
    ])
    const chosen = queryWord(request, 'project')
    const known = [...new Set([...active.keys(), ...kept.map(({ project }) => project)])].sort()
    if (chosen !== undefined && !known.includes(chosen)) throw noProject(chosen)
    const previews = chosen === undefined ? [] : [await previewOf(farm, chosen, {})]
    const projects = known.map(name => ({ name, keep: kept.find(({ project }) => project === name)?.keep }))
    return sendPage(reply, renderRetentionPage({ visit, projects, preview: previews[0] }))
  })
}

const adminsOnly = new PageError(404, {
  title: 'Only administrators can see what expires',
  text: 'Run ./farm admin on the server: it prints a link that signs this browser in.',
})
