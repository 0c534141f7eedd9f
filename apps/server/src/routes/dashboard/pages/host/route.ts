import type { JobSummary } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { offeredTo } from '../../../../agent-release/release.ts'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { visitOf } from '../../visit.ts'
import { noHost } from '../problem/page-error.ts'
import { renderHostPage } from './page.tsx'

const jobsShown = 20
/** A host has at most 64 slots. Of its waiting jobs, the page shows only the number. */
const queueLimit = { waiting: 0, blocked: 0, running: 64 }

const isEnded = ({ state }: JobSummary): boolean => state === 'finished'

export function hostRoute(app: FastifyInstance, services: Services): void {
  const { farm, agentRelease } = services
  livePage(app, '/hosts/:name', async (request: FastifyRequest<{ Params: { name: string } }>) => {
    const { name } = request.params
    const [host, jobs, queue] = await Promise.all([
      farm.hosts.find(name),
      farm.builds.listJobs({ host: name, limit: jobsShown }),
      farm.queue.list({ host: name, limit: queueLimit }),
    ])
    if (!host) throw noHost(name)
    const [visit, offered] = await Promise.all([visitOf(services, request), offeredTo(host, agentRelease)])
    const alert = visit.admin ? await farm.hosts.findAlert(name) : undefined
    return renderHostPage({ visit, host, jobs: jobs.filter(isEnded), queue, offered, alert })
  })
}
