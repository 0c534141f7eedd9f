import { compareLink } from '@rumpfarm/connectors'
import { api } from '@rumpfarm/contracts'
import type { BranchOutcome, CellName, SourceChange, UnknownBranch, UnknownProject } from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import { idOfCursor, nameOfCursor, pageOf, pageSize } from '../../http/pagination.ts'
import { answerProblem, unknownProject } from '../../http/problems/outcomes.ts'
import { problem, Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { type ApiInstance, refusalsFor } from './routes.ts'

/** The routes for cells, their history, and the changes between builds. */
export const cells =
  ({ farm }: Services) =>
  async (app: ApiInstance) => {
    const problems = refusalsFor('unknown-project', 'unknown-branch')

    app.get(
      '/projects/:name/cells',
      {
        schema: {
          tags: ['cells'],
          operationId: 'listCells',
          summary: 'Cells of a branch with their newest results, sorted by host, arch and variant',
          params: api.NameParam,
          querystring: api.CellFilter,
          response: { 200: api.ref(api.BranchCellPage), ...problems },
        },
      },
      async (request, reply) => {
        const { limit = pageSize, cursor, branch, ...filter } = request.query
        const found = await farm.cells.findBranch(request.params.name, branch)
        if (found.kind !== 'found') return answerUnknown(reply, request.params.name, found)
        const page = { ...filter, after: cellOfCursor(cursor), limit: limit + 1 }
        const items = await farm.cells.list({ project: found.project.name, branch: found.branch }, page)
        return pageOf(items, limit, cursorOf, { request, reply })
      },
    )

    app.get(
      '/projects/:name/cells/:host/:arch/:variant',
      {
        schema: {
          tags: ['cells'],
          operationId: 'getCell',
          summary: 'A cell with its history, and what changed since its last good run',
          params: api.CellParam,
          querystring: api.BranchQuery,
          response: { 200: api.ref(api.Cell), ...refusalsFor('unknown', 'unknown-project', 'unknown-branch') },
        },
      },
      async (request, reply) => {
        const { name: project, host, arch, variant } = request.params
        const outcome = await farm.cells.find({ project, host, arch, variant, branch: request.query.branch })
        if (outcome.kind === 'unknown-cell')
          return problem(reply, 'unknown', `project ${project} has no cell ${host} ${arch} ${variant}`)
        if (outcome.kind !== 'found') return answerUnknown(reply, project, outcome)
        const { sinceLastGood, ...cell } = outcome.cell
        const since = sinceLastGood && { ...sinceLastGood, sources: sinceLastGood.sources.map(withLink) }
        return { ...cell, sinceLastGood: since }
      },
    )

    app.get(
      '/projects/:name/commits',
      {
        schema: {
          tags: ['cells'],
          operationId: 'listCommits',
          summary: 'Built commits of a branch, newest first',
          params: api.NameParam,
          querystring: api.CommitFilter,
          response: { 200: api.ref(api.BranchCommitPage), ...problems },
        },
      },
      async (request, reply) => {
        const { limit = pageSize, cursor, branch } = request.query
        const found = await farm.cells.findBranch(request.params.name, branch)
        if (found.kind !== 'found') return answerUnknown(reply, request.params.name, found)
        const items = await farm.cells.commits(found, { before: idOfCursor(cursor), limit: limit + 1 })
        return pageOf(items, limit, ({ position }) => position, { request, reply })
      },
    )

    app.get(
      '/projects/:name/last-good',
      {
        schema: {
          tags: ['cells'],
          operationId: 'listLastGood',
          summary: 'Last good commit of each cell of a branch, sorted by host, arch and variant',
          params: api.NameParam,
          querystring: api.LastGoodFilter,
          response: { 200: api.ref(api.LastGoodCellPage), ...problems },
        },
      },
      async (request, reply) => {
        const { limit = pageSize, cursor, branch, ...filter } = request.query
        const found = await farm.cells.findBranch(request.params.name, branch)
        if (found.kind !== 'found') return answerUnknown(reply, request.params.name, found)
        const page = { ...filter, after: cellOfCursor(cursor), limit: limit + 1 }
        const items = await farm.cells.lastGood({ project: found.project.name, branch: found.branch }, page)
        return pageOf(items, limit, cursorOf, { request, reply })
      },
    )

    app.get(
      '/builds/:id/failures',
      {
        schema: {
          tags: ['builds'],
          operationId: 'listBuildFailures',
          summary: 'Distinct failures of a build',
          params: api.IdParam,
          response: { 200: api.ref(api.BuildFailures), ...refusalsFor('unknown') },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        if (!(await farm.builds.find(id))) return problem(reply, 'unknown', `there is no build ${id}`)
        return farm.failures.ofBuild({ buildId: id })
      },
    )

    app.get(
      '/builds/:id/changes',
      {
        schema: {
          tags: ['builds'],
          operationId: 'getBuildChanges',
          summary: 'What a build broke and fixed, and the commits of every source since the previous build',
          params: api.IdParam,
          response: { 200: api.ref(api.BuildChanges), ...refusalsFor('unknown') },
        },
      },
      async (request, reply) => {
        const { id } = request.params
        if (!(await farm.builds.find(id))) return problem(reply, 'unknown', `there is no build ${id}`)
        const { sources, ...effects } = await farm.builds.effects(id)
        return { ...effects, sources: sources.map(withLink) }
      },
    )
  }

const withLink = (change: SourceChange) => ({
  ...change,
  compareUrl: (change.before !== null && compareLink(change.repository, change.before, change.after)) || null,
})

type Unknown = Exclude<BranchOutcome, { kind: 'found' }> | UnknownProject | UnknownBranch

function answerUnknown(reply: FastifyReply, project: string, outcome: Unknown): FastifyReply {
  if (outcome.kind === 'unknown-project') return answerProblem(reply, unknownProject(project, outcome.known))
  const { branch, known } = outcome
  const names = known.length > 0 ? `; branches with builds: ${known.join(', ')}` : ''
  return problem(reply, 'unknown-branch', `the farm has built no commit of branch ${branch} of ${project}${names}`, {
    known,
  })
}

const cursorOf = ({ host, arch, variant }: CellName): string => JSON.stringify([host, arch, variant])

/** The name of a cell is stable, so a cell that is added does not move the others to another page. */
function cellOfCursor(cursor: string | undefined): CellName | undefined {
  const text = nameOfCursor(cursor)
  if (text === undefined) return undefined
  const [host, arch, variant, ...rest] = listOf(text)
  if (typeof host === 'string' && typeof arch === 'string' && typeof variant === 'string' && rest.length === 0)
    return { host, arch, variant }
  throw new Refusal('invalid', '/query/cursor is not a cursor of this farm: request the first page without it')
}

function listOf(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
