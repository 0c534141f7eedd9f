import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Services } from '../../../../services.ts'
import { livePage } from '../../live/live-page.ts'
import { queryWord, wholeNumber } from '../../query.ts'
import { visitOf } from '../../visit.ts'
import { noBranch, noProject } from '../problem/page-error.ts'
import { renderCommitsPage } from './page.tsx'

export function commitsRoute(app: FastifyInstance, services: Services): void {
  livePage(app, '/projects/:name/commits', async (request: FastifyRequest<{ Params: { name: string } }>) => {
    const { name } = request.params
    const word = (key: string) => queryWord(request, key)
    const filter = {
      host: word('host'),
      arch: word('arch'),
      before: wholeNumber(word('before')),
      fromColumn: wholeNumber(word('column')),
    }
    const [visit, outcome] = await Promise.all([
      visitOf(services, request),
      services.farm.cells.commitTable({ project: name, branch: word('branch'), ...filter }),
    ])
    if (outcome.kind === 'unknown-project') throw noProject(name)
    if (outcome.kind === 'unknown-branch') throw noBranch(outcome.branch, name)
    return renderCommitsPage({ visit, table: outcome.table, ...filter })
  })
}
