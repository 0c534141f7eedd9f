import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The projects with the longest files start first, so that no long file runs alone at the end. */
const longestFirst = ['test', 'agent', 'server']

const rankOf = ({ project }: TestSpecification): number => {
  const rank = longestFirst.indexOf(project.name)
  return rank < 0 ? longestFirst.length : rank
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((one, other) => rankOf(one) - rankOf(other))
  }
}
