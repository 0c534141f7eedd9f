import type { Contexts } from '../context.ts'
import { traitsOfBuild } from './build-traits.ts'

export type { FailureTrait } from './build-traits.ts'

/** What the hosts have in common that fail in the same way. */
export const traitMethods = ({ pages }: Contexts) => ({
  /** The failures of a build that occur only on hosts with a common trait, such as "big-endian". */
  ofBuild: async (buildId: number) => (buildId <= 2_147_483_647 ? traitsOfBuild(pages, buildId) : []),
})
