import type { FastifyInstance, FastifyRequest } from 'fastify'
import { offeredTo } from '../../agent-release/release.ts'
import type { Services } from '../../services.ts'
import { noSuch } from './not-found.ts'
import { drawBuildPage, drawBuildsPage } from './pages/builds.tsx'
import { drawHostPage, drawHostsPage } from './pages/hosts.tsx'
import { drawMatrixPage } from './pages/matrix/page.tsx'
import { drawProjectPage } from './pages/project.tsx'
import { queryWord, sendPage, visitOf, wholeNumber } from './visit.ts'

const buildsOnPage = 50
const hostsOnPage = 200
const recent = 20

type Named = { Params: { name: string } }
type Numbered = { Params: { id: string } }

/** The pages that everybody may read, but for the job's. */
export function readingPages(app: FastifyInstance, services: Services): void {
  const { farm } = services

  app.get('/', async (request, reply) => {
    const project = queryWord(request, 'project')
    const branch = queryWord(request, 'branch')
    const [visit, matrix, all] = await Promise.all([
      visitOf(services, request),
      farm.matrix.load({ project, branch }),
      // The whole matrix names its projects itself.
      project === undefined && branch === undefined ? undefined : farm.projects.list(),
    ])
    const projects = all ? [...all.keys()] : matrix.projects
    if (project !== undefined && !projects.includes(project)) throw noProject(project)
    if (branch !== undefined && matrix.projects.length === 0) throw noBranch(branch, project)
    return sendPage(reply, drawMatrixPage({ visit, matrix, projects, project, branch }))
  })

  app.get('/builds', async (request, reply) => {
    const project = queryWord(request, 'project')
    const before = wholeNumber(queryWord(request, 'before'))
    const builds = await farm.builds.list({ project, before, limit: buildsOnPage + 1 })
    const shown = builds.slice(0, buildsOnPage)
    const next = builds.length > buildsOnPage ? shown.at(-1)?.id : undefined
    return sendPage(
      reply,
      drawBuildsPage({ visit: await visitOf(services, request), builds: shown, project, before: next }),
    )
  })

  app.get('/builds/:id', async (request: FastifyRequest<Numbered & { Querystring: { built?: string } }>, reply) => {
    const id = wholeNumber(request.params.id)
    const build = id === undefined ? undefined : await farm.builds.find(id)
    if (!build) throw noSuch('build', request.params.id, { href: '/builds', text: 'All builds' })
    const asked = request.query.built === 'before'
    return sendPage(reply, drawBuildPage(await visitOf(services, request), build, asked))
  })

  app.get('/hosts', async (request, reply) => {
    const hosts = await farm.hosts.list({ after: queryWord(request, 'after'), limit: hostsOnPage + 1 })
    const shown = hosts.slice(0, hostsOnPage)
    const after = hosts.length > hostsOnPage ? shown.at(-1)?.name : undefined
    return sendPage(reply, drawHostsPage(await visitOf(services, request), shown, after))
  })

  app.get('/hosts/:name', async (request: FastifyRequest<Named>, reply) => {
    const { name } = request.params
    const [host, jobs] = await Promise.all([farm.hosts.find(name), farm.builds.listJobs({ host: name, limit: recent })])
    if (!host) throw noSuch('host', name, { href: '/hosts', text: 'All hosts' })
    const offered = await offeredTo(host, services.agentRelease)
    const visit = await visitOf(services, request)
    const alert = visit.admin ? await farm.hosts.findAlert(name) : undefined
    return sendPage(reply, drawHostPage({ visit, host, jobs, offered, alert }))
  })

  app.get('/projects/:name', async (request: FastifyRequest<Named>, reply) => {
    const { name } = request.params
    const project = (await farm.projects.list()).get(name)
    if (!project) throw noProject(name)
    const [visit, matrix, builds] = await Promise.all([
      visitOf(services, request),
      farm.matrix.load({ project: name }),
      farm.builds.list({ project: name, limit: recent }),
    ])
    return sendPage(reply, drawProjectPage({ visit, project, matrix, builds }))
  })
}

const noBranch = (name: string, project: string | undefined) =>
  noSuch('built branch', name, {
    href: project === undefined ? '/' : `/?project=${encodeURIComponent(project)}`,
    text: `The matrix of ${project ?? 'all projects'}`,
  })

export const noProject = (name: string) => noSuch('project', name, { href: '/', text: 'The matrix of all projects' })
