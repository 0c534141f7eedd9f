import type { Glance } from '@rumpfarm/farm'
import type { FastifyRequest } from 'fastify'
import { MatrixMemory } from '../../events/matrix-memory.ts'
import { branchWords, type MissingBranch, missingBranch } from '../../http/problems/missing-branch.ts'
import { sentenceOf } from '../../http/problems.ts'
import type { Services } from '../../services.ts'
import { type MatrixView, viewOf } from '../dashboard/pages/matrix/view.ts'

/** What another site shows: a matrix, or the reason why there is none. */
export type ShownGlance =
  | { view: MatrixView; glance: Glance; reason?: undefined }
  | { view: MatrixView; reason: string; missing?: MissingBranch }

/** Reads matrices for frames and pictures. Several requests within a second share one read of the database. */
export class Glances {
  readonly #memory: MatrixMemory<Glance>
  readonly #farm: Services['farm']

  constructor({ farm, bus }: Pick<Services, 'farm' | 'bus'>) {
    this.#farm = farm
    this.#memory = new MatrixMemory(bus)
  }

  async read(request: FastifyRequest): Promise<ShownGlance> {
    const view = { ...viewOf(request), detailed: undefined }
    const { project, branch } = view
    const { value: glance } = await this.#memory.get(JSON.stringify(view), () => this.#farm.matrix.glance(view))
    if (project !== undefined && !glance.choices.projects.includes(project))
      return { view, reason: `There is no project ${project}.` }
    if (branch !== undefined && glance.projects.length === 0) {
      const missing = await missingBranch(this.#farm, branch, project)
      return { view, reason: sentenceOf(branchWords(missing)), missing }
    }
    return { view, glance }
  }

  close(): void {
    this.#memory.close()
  }
}

/** The title of a matrix in a frame or picture: what it shows, and what changed. */
export const titleOf = ({ project, branch }: MatrixView, words: string): string =>
  [project, branch === undefined ? undefined : `branch ${branch}`].filter(part => part !== undefined).join(', ') +
  (project === undefined && branch === undefined ? '' : ': ') +
  words
