import { type FarmWide, notifyAfterDefault, type ProjectConfig } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import { applyConfiguration, type FileOffer, offerFile, rejectConfiguration } from './configure.ts'
import { configurationState, listProjects, projectConfigs, projectRepositories } from './project-queries.ts'

export type { FileDecision } from './agree-on-file.rule.ts'
export type { FileOffer } from './configure.ts'

/** The projects of farm.yaml. */
export const projectMethods = ({ main, pages }: Contexts) => ({
  /** Makes all these checked projects active, in one transaction. */
  applyConfiguration: (
    projects: readonly ProjectConfig[],
    farmWide: FarmWide = { notify: [], notifyAfterSeconds: notifyAfterDefault },
  ) => applyConfiguration(main, projects, farmWide),
  /** Makes the projects of a server's farm.yaml active, unless the servers agree on a newer file. */
  offerFile: (offer: FileOffer) => offerFile(main, offer),
  /** Records why the newest farm.yaml of this server was rejected. */
  rejectConfiguration: (problems: readonly string[], server?: string) => rejectConfiguration(main, problems, server),
  /** The active projects with their real addresses, for pushes and background tasks; pages call `list`. */
  configs: () => projectConfigs(main),

  /** The active projects for pages and the API. Their addresses have no secrets. */
  list: () => listProjects(pages),
  /** The repository of each project, also of those that left farm.yaml. The addresses have no secrets. */
  repositories: () => projectRepositories(pages),
  configurationState: () => configurationState(pages),
})
