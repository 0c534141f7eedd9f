import type { FastifyInstance, FastifyRequest } from 'fastify'
import { publicUrlOf } from '../../../../http/public-url.ts'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { visitOf } from '../../visit.ts'
import { noProject } from '../problem/page-error.ts'
import { renderProjectPage } from './page.tsx'

const buildsShown = 20
const statusesShown = 30

export function projectRoute(app: FastifyInstance, services: Services): void {
  const { farm, config } = services
  const framed = config.embedOrigins.length > 0
  livePage(app, '/projects/:name', async (request: FastifyRequest<{ Params: { name: string } }>) => {
    const { name } = request.params
    const project = (await farm.projects.list()).get(name)
    if (!project) throw noProject(name)
    const [visit, glance, builds, statuses, troubled, repositories, schedules] = await Promise.all([
      visitOf(services, request),
      farm.matrix.glance({ project: name }),
      farm.builds.list({ project: name, limit: buildsShown }),
      project.status ? farm.statuses.list(name, statusesShown) : [],
      farm.deliveries.troubled(name),
      farm.polling.list(name),
      farm.schedules.list(name),
    ])
    return renderProjectPage({
      ...{ visit, project, glance, builds, statuses, troubled, repositories, schedules, framed },
      url: publicUrlOf(config, request),
    })
  })
}
