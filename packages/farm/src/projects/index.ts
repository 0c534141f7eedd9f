import { type FarmWide, notifyAfterDefault, type ProjectConfig } from '@rumpfarm/contracts'
import type { Contexts } from '../context.ts'
import { applyConfiguration, rejectConfiguration } from './configure.ts'
import { configurationState, listProjects, projectConfigs, projectRepositories } from './project-queries.ts'

/** The projects of farm.yaml. */
export const projectMethods = ({ main, pages }: Contexts) => ({
  /** Makes all these checked projects active, in one transaction. */
  applyConfiguration: (
    projects: readonly ProjectConfig[],
    farmWide: FarmWide = { notify: [], notifyAfterSeconds: notifyAfterDefault },
  ) => applyConfiguration(main, projects, farmWide),
  /** Records why the newest farm.yaml was rejected. */
  rejectConfiguration: (problems: readonly string[]) => rejectConfiguration(main, problems),
  /** The active projects with their real addresses, for pushes and background tasks; pages call `list`. */
  configs: () => projectConfigs(main),

  /** The active projects for pages and the API. Their addresses have no secrets. */
  list: () => listProjects(pages),
  /** The repository of each project, also of those that left farm.yaml. The addresses have no secrets. */
  repositories: () => projectRepositories(pages),
  configurationState: () => configurationState(pages),
})
