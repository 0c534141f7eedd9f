import { createHmac } from 'node:crypto'
import type { CellOutcome, RecentChangesFilter } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import { notModifiedSince } from '../../http/last-modified.ts'
import { missingBranch, missingBranchRefusal } from '../../http/problems/missing-branch.ts'
import { Refusal } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { cellPathOn } from '../dashboard/components/cell-path.ts'
import { segment } from '../dashboard/components/escape.ts'
import {
  cellFeedPath,
  changesFeedPath,
  type FeedPath,
  feedPathAs,
  hostFeedPath,
  projectFeedPath,
} from '../dashboard/components/feed-paths.ts'
import { matrixPath } from '../dashboard/pages/matrix/view.ts'
import { queryWord } from '../dashboard/query.ts'
import { atomOf, type FeedDocument, jsonFeedOf, updatedAt } from './feed-document.ts'
import { type FeedBase, newestEntries, runEntries, silentEntries } from './feed-entries.ts'
import { fileName } from './file-name.ts'
import { missing } from './refusals.ts'

type FileRequest = FastifyRequest<{ Params: { file: string } }>
type CellRequest = FastifyRequest<{ Params: { project: string; host: string; arch: string; file: string } }>

/** The feeds of the whole farm, of a project, of a host and of a cell, as Atom and as JSON Feed. */
export function feedRoutes(app: FastifyInstance, { farm, config }: Pick<Services, 'farm' | 'config'>): void {
  const name = farmName(config)
  const baseOf = (request: FastifyRequest): FeedBase => ({ url: publicUrlOf(config, request), farm: name })

  const changesOf = async (filter: RecentChangesFilter, base: FeedBase) => {
    const outcome = await farm.cells.recentChanges(filter)
    if (outcome.kind === 'found') return newestEntries(outcome, base)
    if (outcome.kind === 'unknown-branch')
      throw missingBranchRefusal(await missingBranch(farm, outcome.branch, filter.project), app.publicPath)
    const what = outcome.kind === 'unknown-project' ? 'project' : 'host'
    throw missing(what, filter[what] ?? '')
  }

  app.get('/feeds/:file', async (request: FileRequest, reply) => {
    const { name: feed, extension } = nameOf(request)
    if (feed !== 'changes') throw new Refusal('no-such-page', `there is no feed ${feed}: see /feeds/changes.atom`)
    const base = baseOf(request)
    const entries = await changesOf({}, base)
    const title = 'What changed in the farm'
    return send(request, reply, extension, documentOf(base, { title, page: '/', feed: changesFeedPath, entries }))
  })

  app.get('/feeds/projects/:file', async (request: FileRequest, reply) => {
    const { name: project, extension } = nameOf(request)
    const branch = queryWord(request, 'branch')
    const base = baseOf(request)
    const entries = await changesOf({ project, branch }, base)
    const title = `What changed in ${project}${branch === undefined ? '' : `, branch ${branch}`}`
    const page = branch === undefined ? `/projects/${segment(project)}` : matrixPath({ project, branch })
    const feed = projectFeedPath(project, branch)
    return send(request, reply, extension, documentOf(base, { title, page, feed, entries }))
  })

  app.get('/feeds/hosts/:file', async (request: FileRequest, reply) => {
    const { name: host, extension } = nameOf(request)
    const base = baseOf(request)
    const [entries, found] = await Promise.all([changesOf({ host }, base), farm.hosts.find(host)])
    if (!found) throw missing('host', host)
    const all = [...silentEntries(found, base), ...entries]
    const page = `/hosts/${segment(host)}`
    const title = `What changed on the host ${host}`
    return send(request, reply, extension, documentOf(base, { title, page, feed: hostFeedPath(host), entries: all }))
  })

  app.get('/feeds/projects/:project/cells/:host/:arch/:file', async (request: CellRequest, reply) => {
    const { file: _, ...place } = request.params
    const { name: variant, extension } = nameOf(request)
    const base = baseOf(request)
    const branch = queryWord(request, 'branch')
    const cell = cellOf(await farm.cells.find({ ...place, variant, branch }), { ...place, variant })
    const title = `Runs of ${cell.project} on ${cell.host} ${cell.arch} ${cell.variant}, branch ${cell.branch}`
    const entries = runEntries(cell, base)
    const page = cellPathOn(cell)
    return send(request, reply, extension, documentOf(base, { title, page, feed: cellFeedPath(cell, branch), entries }))
  })
}

/** A part of the ids of entries. It stays the same if the farm's address changes, and is different in another farm. */
const farmName = ({ secrets }: Pick<Config, 'secrets'>): string =>
  createHmac('sha256', secrets.server).update('feeds').digest('hex').slice(0, 12)

function nameOf({ params, url }: FastifyRequest<{ Params: { file: string } }>) {
  const found = fileName(params.file, ['atom', 'json'])
  if (found) return found
  throw new Refusal('no-such-page', `there is no feed ${url.split('?')[0]}: the name must end with .atom or .json`)
}

function cellOf(outcome: CellOutcome, place: { project: string; host: string; arch: string; variant: string }) {
  switch (outcome.kind) {
    case 'found':
      return outcome.cell
    case 'unknown-project':
      throw missing('project', place.project)
    case 'unknown-branch':
      throw missingBranchRefusal({ branch: outcome.branch, project: place.project, deleted: null }, '')
    case 'unknown-cell':
      throw missing('cell', `${place.host} ${place.arch} ${place.variant} of ${place.project}`)
  }
}

interface Parts extends Pick<FeedDocument, 'title' | 'entries'> {
  page: string
  feed: FeedPath
}

function documentOf({ url, farm }: FeedBase, { title, page, feed, entries }: Parts): FeedDocument {
  return {
    id: `urn:rumpfarm:${farm}:feed:${encodeURIComponent(feed)}`,
    title: `${title} · Rumpfarm`,
    pageUrl: url + page,
    feedUrl: extension => url + feedPathAs(feed, extension),
    entries,
  }
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  extension: 'atom' | 'json',
  document: FeedDocument,
): FastifyReply {
  const time = updatedAt(document)
  reply.header('last-modified', time.toUTCString())
  if (notModifiedSince(request, time)) return reply.code(304).send()
  return extension === 'atom'
    ? reply.type('application/atom+xml; charset=utf-8').send(atomOf(document))
    : reply.type('application/feed+json; charset=utf-8').send(jsonFeedOf(document))
}
