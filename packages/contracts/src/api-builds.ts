import Type from 'typebox'
import { JobSummary, Source } from './api-answers.ts'
import { count, id, list, maybeInteger, maybeMoment, maybeText, moment, oneOf, page, ref } from './api-formats.ts'
import { commit } from './api-matrix.ts'
import { attemptStates, verdicts } from './attempts.ts'
import { buildCauses, buildKinds } from './build-kinds.ts'

const countedStates = [...attemptStates.filter(state => state !== 'finished'), ...verdicts]
const summaryOfBuild = {
  id: id('Number of the build'),
  project: Type.String(),
  commit,
  branch: maybeText('Branch that was pushed'),
  subject: maybeText('First line of the commit message'),
  author: maybeText('Author of the commit'),
  createdAt: moment('When the build was created'),
  kind: oneOf(buildKinds, 'What the build builds; only builds of the kind `branch` change cells'),
  cause: oneOf(buildCauses, 'Why the build was requested first; `source`: a push to a further source of the project'),
  causeDetail: maybeText('One line about the cause'),
  tag: maybeText('Tag of a build of the kind `tag`'),
  pullRequestId: maybeInteger('Number in the farm of the pull request, for a build of the kind `pull-request`'),
  fork: Type.Boolean({ description: 'Whether the code comes from somebody who cannot push to the repository' }),
  sources: oneOf(['pending', 'ready', 'failed'], 'State of the tarballs of the build'),
  problem: maybeText('Why the farm cannot prepare the sources: the message of git'),
  conflictsWith: maybeText('The branch with which the pull request of the build conflicts, so that nothing was built'),
  sourcesNextAt: maybeMoment('When the farm tries again to prepare the sources; null if it does not wait'),
  bisection: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    minimum: 1,
    description: 'Number of the bisection whose probes the build runs; null for every other build',
  }),
  counts: Type.Object(Object.fromEntries(countedStates.map(name => [name, Type.Optional(Type.Integer())])), {
    description: 'Number of jobs by state; ended jobs are counted by verdict',
  }),
}
export const BuildSummary = Type.Object(summaryOfBuild, {
  $id: 'BuildSummary',
  description: 'A build: one project at one commit',
})
export const BuildSummaryPage = page(BuildSummary)

export const Build = Type.Object(
  {
    ...summaryOfBuild,
    preparedSources: list(ref(Source), 'The tarballs of the build; empty until the farm has prepared them'),
    pushes: list(
      Type.Object({
        source: Type.String({ description: 'Origin of the push: github, webhook, api, …' }),
        branch: maybeText('Branch of the push'),
        receivedAt: moment('When the farm received the push'),
      }),
      'The pushes that triggered the build',
    ),
    jobs: list(ref(JobSummary), 'Oldest job first'),
  },
  { $id: 'Build', description: 'A build with its jobs' },
)

export const TriggeredBuild = Type.Object(
  {
    id: id('Number of the build'),
    url: Type.String({ description: 'Address of the page of the build' }),
    project: Type.String(),
    commit,
    created: Type.Boolean({ description: 'false: the build existed already' }),
    jobsAdded: count('Number of new jobs'),
    problem: maybeText('Why the farm could not check the commit; the farm checks the commit again for the build'),
    hint: maybeText('If the build existed already: how to run its jobs again, or to build the commit again'),
  },
  { $id: 'TriggeredBuild' },
)
