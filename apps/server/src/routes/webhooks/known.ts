import { hideSecrets, type ProjectConfig } from '@rumpfarm/contracts'

/** For whoever set the webhook up at the wrong repository, or wrote another address into farm.yaml. */
export const knownRepositories = (projects: ReadonlyMap<string, ProjectConfig>): string =>
  projects.size === 0
    ? 'farm.yaml has no projects, or is not in force'
    : `the farm has: ${[...projects.values()].map(({ name, repository }) => `${name} (${hideSecrets(repository)})`).join(', ')}`
