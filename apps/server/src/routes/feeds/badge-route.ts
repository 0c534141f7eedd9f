import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../../http/problems.ts'
import { pictureHeaders } from '../../http/security-headers.ts'
import { queryWord } from '../dashboard/query.ts'
import { badgeWords } from './badge-words.ts'
import type { BranchMatrices, BranchMatrix, CellsFilter } from './branch-matrix.ts'
import { fileName } from './file-name.ts'
import { plainText, shortened } from './plain-text.ts'

const labelCharactersMax = 100
const styles = ['flat', 'flat-square', 'plastic', 'for-the-badge', 'social'] as const

interface Badge {
  label: string
  message: string
  color: string
  /** The farm has no such project or host, or no cells of this branch. */
  isError: boolean
}

type BadgeRequest = FastifyRequest<{ Params: { file: string } }>

/**
 * The badges, as SVG and as JSON for the `endpoint` badge of shields.io. Like shields.io, the farm answers an unknown name
 * with a grey badge and status 200: GitHub's image proxy shows other answers as a broken image.
 */
export function badgeRoutes(app: FastifyInstance, matrices: BranchMatrices): void {
  app.get('/badges/projects/:file', async (request: BadgeRequest, reply) => {
    const { name, extension } = nameOf(request)
    const filter = { ...filterOf(request), project: name }
    return send(request, reply, extension, await badgeOf(matrices, filter, name))
  })
  app.get('/badges/hosts/:file', async (request: BadgeRequest, reply) => {
    const { name, extension } = nameOf(request)
    const filter = { ...filterOf(request), host: name }
    return send(request, reply, extension, await badgeOf(matrices, filter, name))
  })
}

function nameOf({ params, url }: BadgeRequest) {
  const found = fileName(params.file, ['svg', 'json'])
  if (found) return found
  throw new Refusal('no-such-page', `there is no badge ${url.split('?')[0]}: the name must end with .svg or .json`)
}

function filterOf(request: FastifyRequest): CellsFilter {
  const word = (name: string) => queryWord(request, name)
  return {
    project: word('project'),
    branch: word('branch'),
    host: word('host'),
    arch: word('arch'),
    variant: word('variant'),
  }
}

async function badgeOf(matrices: BranchMatrices, filter: CellsFilter, name: string): Promise<Badge> {
  const { host, arch, variant } = filter
  const place = [host === name ? undefined : host, arch, variant].filter(word => word !== undefined)
  const label = [name, ...place].join(' ')
  const found = await matrices.read(filter)
  if (found.missing !== undefined) return { label, message: missingWords(found), color: 'lightgrey', isError: true }
  return { label, ...badgeWords(found.matrix.cells), isError: false }
}

const missingWords = (found: Extract<BranchMatrix, { missing: string }>): string =>
  found.missing === 'branch' && found.why.deleted !== null
    ? `branch deleted ${found.why.deleted.at.toISOString().slice(0, 10)}`
    : `${found.missing} not found`

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  extension: 'svg' | 'json',
  badge: Badge,
): Promise<FastifyReply> {
  const label = shortened(plainText(queryWord(request, 'label') ?? badge.label), labelCharactersMax)
  const style = styles.find(known => known === queryWord(request, 'style'))
  const { message, color, isError } = badge
  if (extension === 'json')
    return reply
      .type('application/json; charset=utf-8')
      .send(JSON.stringify({ schemaVersion: 1, label, message, color, isError, ...(style ? { style } : {}) }))
  const { makeBadge } = await import('badge-maker') // 4 MB of widths of letters
  return reply
    .headers(pictureHeaders())
    .type('image/svg+xml; charset=utf-8')
    .send(makeBadge({ label, message, color, style: style ?? 'flat' }))
}
