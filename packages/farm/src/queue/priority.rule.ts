import type { BuildCause } from '@rumpfarm/contracts'

/**
 * A host runs the jobs with a larger priority first. A person waits for a build by hand; a push, also to a further
 * source, can break something; a schedule has the whole night.
 */
const priorities: Record<BuildCause, number> = {
  hand: 40,
  push: 30,
  poll: 30,
  source: 30,
  schedule: 20,
  bisection: 10,
}

export const priorityOf = (cause: BuildCause): number => priorities[cause]
