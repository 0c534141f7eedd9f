import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The projects whose files take longest start first: no long file is then left alone at the end of a run. */
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
