import type { Matrix, MatrixCell } from '@rumpfarm/farm'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { missingBranchRefusal } from '../../http/problems/missing-branch.ts'
import { Refusal } from '../../http/problems.ts'
import { publicUrlOf } from '../../http/public-url.ts'
import type { Services } from '../../services.ts'
import { cellPathOn } from '../dashboard/components/cell-path.ts'
import { matrixPath } from '../dashboard/pages/matrix/view.ts'
import { queryWord } from '../dashboard/query.ts'
import type { BranchMatrices, CellsFilter } from './branch-matrix.ts'
import { type CctrayProject, cctrayProject, cctrayXml } from './cctray.ts'
import { missing } from './refusals.ts'

/** A monitor that reads cctray.xml shows at most some hundred lines. */
export const cctrayCellsMax = 5_000
/** With `by=branches`: the branches with the newest pushes. */
export const cctrayBranchesMax = 20

/** The states of projects, branches or cells for build monitors. */
export function cctrayRoute(
  app: FastifyInstance,
  { config }: Pick<Services, 'config'>,
  matrices: BranchMatrices,
): void {
  app.get('/cctray.xml', async (request, reply) => {
    const url = publicUrlOf(config, request)
    const filter = filterOf(request)
    const places = { url, matrices, publicPath: app.publicPath }
    const found = await read(places, filter)
    const projects = await projectsOf(queryWord(request, 'by'), found, filter, places)
    return reply.type('application/xml; charset=utf-8').send(cctrayXml(projects))
  })
}

function filterOf(request: FastifyRequest): CellsFilter {
  const word = (name: string) => queryWord(request, name)
  const [project, branch, host] = [word('project'), word('branch'), word('host')]
  return { project, branch, host, arch: word('arch'), variant: word('variant') }
}

async function read({ matrices, publicPath }: Places, filter: CellsFilter): Promise<Matrix> {
  const found = await matrices.read(filter)
  if (found.missing === undefined) return found.matrix
  if (found.missing === 'branch') throw missingBranchRefusal(found.why, publicPath)
  throw missing(found.missing, filter[found.missing] ?? '')
}

interface Places {
  url: string
  matrices: BranchMatrices
  publicPath: string
}

async function projectsOf(
  by: string | undefined,
  matrix: Matrix,
  filter: CellsFilter,
  places: Places,
): Promise<CctrayProject[]> {
  const { url } = places
  switch (by ?? 'projects') {
    case 'projects':
      return branchesOf(matrix, url)
    case 'branches':
      return newestBranches(matrix, filter, places)
    case 'cells':
      return cellsOf(matrix, url)
    default:
      throw new Refusal('invalid', `/query/by is "${by}"; it must be projects, branches or cells`)
  }
}

/** One element for each project, with the cells of its shown branch. */
function branchesOf({ cells, branches }: Matrix, url: string): CctrayProject[] {
  const byProject = new Map<string, MatrixCell[]>()
  for (const cell of cells) {
    const others = byProject.get(cell.project)
    if (others) others.push(cell)
    else byProject.set(cell.project, [cell])
  }
  return branches.map(({ project, shown: branch }) =>
    cctrayProject(`${project}:${branch}`, url + matrixPath({ project, branch }), byProject.get(project) ?? []),
  )
}

/** The matrices are read one after the other, so that one request uses one connection to the database. */
async function newestBranches(matrix: Matrix, filter: CellsFilter, places: Places): Promise<CctrayProject[]> {
  const [only] = matrix.branches
  if (filter.project === undefined || !only)
    throw new Refusal('invalid', '/query/project is missing: with by=branches, name one project')
  const found: CctrayProject[] = []
  for (const branch of only.built.slice(0, cctrayBranchesMax))
    found.push(...branchesOf(await read(places, { ...filter, branch }), places.url))
  return found
}

function cellsOf({ cells }: Matrix, url: string): CctrayProject[] {
  if (cells.length > cctrayCellsMax) {
    const limit = `the answer would have ${cells.length} cells, and at most ${cctrayCellsMax} are possible`
    throw new Refusal('invalid', `${limit}: add project=, host= or arch= to the address`)
  }
  return cells
    .filter(({ last, prevented }) => last !== null || prevented === null)
    .map(cell => {
      const { project, branch, host, arch, variant } = cell
      const name = [project, branch, host, arch, ...(variant === 'default' ? [] : [variant])].join(':')
      return cctrayProject(name, url + cellPathOn(cell), [cell])
    })
}
