import { compareLink } from '@rumpfarm/connectors'
import { api } from '@rumpfarm/contracts'
import type { SourceChange } from '@rumpfarm/farm'
import type { BulkAnswers } from '../../http/ndjson.ts'
import { idOfCursor, nameOfCursor, nextAddress, writeCursor } from '../../http/pagination.ts'
import { Refusal } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { cellOf, keyOfCell } from './cell-cursor.ts'
import { branchRefusal, findBranch, findBuild } from './find.ts'
import { type ApiInstance, pageOrLines, refusalsFor } from './routes.ts'
import { sendList } from './send-list.ts'

/** The routes for cells, their history, and the changes between builds. */
export const cells =
  ({ farm }: Services, bulk: BulkAnswers) =>
  async (app: ApiInstance) => {
    const ofBranch = { tags: ['cells'], params: api.NameParam }
    const problems = refusalsFor('unknown-project', 'unknown-branch')

    app.get(
      '/projects/:name/cells',
      {
        schema: {
          ...ofBranch,
          operationId: 'listCells',
          summary: 'Cells of a branch with their newest results, sorted by host, arch and variant; as JSON or NDJSON',
          description: 'Without `branch`, the main branch of the project.',
          querystring: api.CellFilter,
          response: { 200: pageOrLines(api.BranchCellPage, 'BranchCell'), ...problems },
        },
      },
      async (request, reply) => {
        const { cursor, branch, limit: _limit, format: _format, ...filter } = request.query
        const of = await branchOf(request.params.name, branch)
        const read = (after: string | undefined, limit: number) =>
          farm.cells.list(of, { ...filter, after: cellOf(after), limit })
        const list = { read, keyOf: keyOfCell, schema: api.ref(api.BranchCell) }
        return sendList(bulk, { request, reply }, list, nameOfCursor(cursor))
      },
    )

    app.get(
      '/projects/:name/cells/:host/:arch/:variant',
      {
        schema: {
          tags: ['cells'],
          operationId: 'getCell',
          summary: 'A cell with its history, and what changed since its last good run',
          description:
            'The newest 50 runs, the commits of every source since the last good run, and whether the failure occurred before.',
          params: api.CellParam,
          querystring: api.BranchQuery,
          response: { 200: api.ref(api.Cell), ...refusalsFor('unknown', 'unknown-project', 'unknown-branch') },
        },
      },
      async request => {
        const { name: project, host, arch, variant } = request.params
        const outcome = await farm.cells.find({ project, host, arch, variant, branch: request.query.branch })
        if (outcome.kind === 'unknown-cell')
          throw new Refusal('unknown', `project ${project} has no cell ${host} ${arch} ${variant}`)
        if (outcome.kind !== 'found') throw branchRefusal(project, outcome)
        const { sinceLastGood, ...cell } = outcome.cell
        const since = sinceLastGood && { ...sinceLastGood, sources: sinceLastGood.sources.map(withLink) }
        return { ...cell, sinceLastGood: since }
      },
    )

    app.get(
      '/projects/:name/commits',
      {
        schema: {
          ...ofBranch,
          operationId: 'listCommits',
          summary: 'Built commits of a branch, newest first; as JSON or NDJSON',
          description: 'In the order of the history of the branch. Without `branch`, the main branch of the project.',
          querystring: api.CommitFilter,
          response: { 200: pageOrLines(api.BranchCommitPage, 'BranchCommit'), ...problems },
        },
      },
      async (request, reply) => {
        const { cursor, branch } = request.query
        const of = await findBranch(farm, request.params.name, branch)
        const read = (before: number | undefined, limit: number) => farm.cells.commits(of, { before, limit })
        const list = {
          read,
          keyOf: ({ position }: { position: number }) => position,
          schema: api.ref(api.BranchCommit),
        }
        return sendList(bulk, { request, reply }, list, idOfCursor(cursor))
      },
    )

    app.get(
      '/projects/:name/commit-table',
      {
        schema: {
          ...ofBranch,
          operationId: 'getCommitTable',
          summary: 'Built commits of a branch, newest first, with their results on each host for each arch',
          description: 'One row for each commit, and one column for each host and arch.',
          querystring: api.CommitTableFilter,
          response: { 200: api.ref(api.CommitTable), ...problems },
        },
      },
      async (request, reply) => {
        const { name: project } = request.params
        const { cursor, ...filter } = request.query
        const outcome = await farm.cells.commitTable({ project, ...filter, before: idOfCursor(cursor) })
        if (outcome.kind !== 'found') throw branchRefusal(project, outcome)
        const { rows: items, next: before, ...table } = outcome.table
        const next = before === null ? null : nextAddress(request, writeCursor(before))
        if (next !== null) reply.header('link', `<${next}>; rel="next"`)
        return { ...table, items, next }
      },
    )

    app.get(
      '/projects/:name/last-good',
      {
        schema: {
          ...ofBranch,
          operationId: 'listLastGood',
          summary: 'Last good commit of each cell of a branch, sorted by host, arch and variant; as JSON or NDJSON',
          description: 'A cell that never passed has no last good commit.',
          querystring: api.LastGoodFilter,
          response: { 200: pageOrLines(api.LastGoodCellPage, 'LastGoodCell'), ...problems },
        },
      },
      async (request, reply) => {
        const { cursor, branch, limit: _limit, format: _format, ...filter } = request.query
        const of = await branchOf(request.params.name, branch)
        const read = (after: string | undefined, limit: number) =>
          farm.cells.lastGood(of, { ...filter, after: cellOf(after), limit })
        const list = { read, keyOf: keyOfCell, schema: api.ref(api.LastGoodCell) }
        return sendList(bulk, { request, reply }, list, nameOfCursor(cursor))
      },
    )

    const branchOf = async (name: string, wanted: string | undefined) => {
      const { project, branch } = await findBranch(farm, name, wanted)
      return { project: project.name, branch }
    }

    app.get(
      '/builds/:id/changes',
      {
        schema: {
          tags: ['builds'],
          operationId: 'getBuildChanges',
          summary: 'What a build broke and fixed, and the commits of every source since the previous build',
          description: 'Compares the build with the previous build of the same branch.',
          params: api.IdParam,
          response: { 200: api.ref(api.BuildChanges), ...refusalsFor('unknown') },
        },
      },
      async request => {
        const { id } = await findBuild(farm, request.params.id)
        const { sources, ...effects } = await farm.builds.effects(id)
        return { ...effects, sources: sources.map(withLink) }
      },
    )
  }

const withLink = (change: SourceChange) => ({
  ...change,
  compareUrl: (change.before !== null && compareLink(change.repository, change.before, change.after)) || null,
})
