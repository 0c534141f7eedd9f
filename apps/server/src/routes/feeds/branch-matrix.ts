import type { Matrix } from '@rumpfarm/farm'
import { MatrixMemory } from '../../events/matrix-memory.ts'
import { type MissingBranch, missingBranch } from '../../http/problems/missing-branch.ts'
import type { Services } from '../../services.ts'

export interface CellsFilter {
  project?: string | undefined
  /** By default each project's main branch. */
  branch?: string | undefined
  host?: string | undefined
  arch?: string | undefined
  variant?: string | undefined
}

/** Exactly one of the members is set. `missing` names what the farm does not have. */
export type BranchMatrix =
  | { matrix: Matrix; missing?: undefined }
  | { missing: 'project' | 'host' }
  | { missing: 'branch'; why: MissingBranch }

/** Reads cells for badges and cctray. Several requests within a second share one read of the database. */
export class BranchMatrices {
  readonly #memory: MatrixMemory<BranchMatrix>
  readonly #farm: Services['farm']

  constructor({ farm, bus }: Pick<Services, 'farm' | 'bus'>) {
    this.#farm = farm
    this.#memory = new MatrixMemory(bus)
  }

  async read({ project, branch, host, arch, variant }: CellsFilter): Promise<BranchMatrix> {
    const key = JSON.stringify([project, branch, host, arch, variant])
    const { value } = await this.#memory.get(key, () => this.#load({ project, branch, host, arch, variant }))
    return value
  }

  close(): void {
    this.#memory.close()
  }

  async #load({ host, ...filter }: CellsFilter): Promise<BranchMatrix> {
    const [projects, found] = await Promise.all([
      filter.project === undefined ? undefined : this.#farm.projects.list(),
      host === undefined ? undefined : this.#farm.hosts.find(host),
    ])
    if (filter.project !== undefined && !projects?.has(filter.project)) return { missing: 'project' }
    if (host !== undefined && !found) return { missing: 'host' }
    const matrix = await this.#farm.matrix.load({ ...filter, onlyHost: host })
    const { branch, project } = filter
    if (branch === undefined || matrix.projects.length > 0) return { matrix }
    return { missing: 'branch', why: await missingBranch(this.#farm, branch, project) }
  }
}
