import Type, { type Static } from 'typebox'
import { id, list, maybeMoment, maybeOneOf, maybeText, moment, oneOf, page, ref } from './api-formats.ts'

const states = ['open', 'closed', 'merged'] as const
const approvals = ['not-needed', 'waiting', 'approved', 'refused'] as const

const maybeBuild = (description: string) => Type.Union([id(description), Type.Null()], { description })

const members = {
  id: id('Number in the farm'),
  project: Type.String(),
  number: id('Number at the forge'),
  title: Type.String(),
  author: Type.String(),
  baseBranch: Type.String({ description: 'Branch into which the changes go' }),
  headBranch: Type.String({ description: 'Branch with the changes' }),
  headCommit: Type.String({
    description: 'Newest commit. Empty until git has read it, if the forge did not say it',
  }),
  fork: Type.Boolean({ description: 'The commit comes from somebody who cannot push to the repository' }),
  url: maybeText('Page at the forge; null: not known'),
  state: oneOf(states, 'State at the forge'),
  openedAt: moment('When the farm saw the request first'),
  changedAt: moment('Time of the newest event of the forge'),
  closedAt: maybeMoment('null: the request is open'),
  approval: maybeOneOf(
    approvals,
    'Whether the farm may build the newest commit. waiting: an administrator must decide. null: git has not read the commit yet',
  ),
  buildId: maybeBuild('Build of the newest commit; null: none'),
  conflict: Type.Boolean({
    description: 'Whether this build conflicts with the base branch, so that nothing was built',
  }),
  problem: maybeText('Why the farm could not read the request; null: it could'),
  nextTryAt: maybeMoment('When the farm tries again to read the request; null: it does not have to'),
}

export const PullRequestSummary = Type.Object(members, {
  $id: 'PullRequestSummary',
  description: 'A pull request or merge request of a forge',
})
export const PullRequestSummaryPage = page(PullRequestSummary)

export const PullRequestCommit = Type.Object(
  {
    commit: Type.String(),
    seenAt: moment('When the farm saw the commit first'),
    fork: Type.Boolean({ description: 'The commit comes from somebody who cannot push to the repository' }),
    approval: oneOf(approvals, 'Whether the farm may build this commit'),
    decidedAt: maybeMoment('When an administrator decided; null: nobody did'),
    decidedBy: maybeText('Name of the token of the administrator who decided; null: nobody did'),
    ended: maybeOneOf(
      ['superseded', 'closed', 'merged', 'refused'],
      'Why the farm cancelled the build of the commit; null: it did not',
    ),
    endedAt: maybeMoment('null: the farm did not cancel the build'),
    buildId: maybeBuild('Build of the commit; null: none'),
  },
  { $id: 'PullRequestCommit', description: 'A commit that was the newest of a pull request' },
)
export const PullRequest = Type.Object(
  { ...members, commits: list(ref(PullRequestCommit), 'The newest 100 commits, newest first') },
  { $id: 'PullRequest', description: 'A pull request or merge request with its commits' },
)

export const PullRequestFilter = Type.Object(
  {
    state: Type.Optional(oneOf([...states, 'waiting'], 'waiting: open requests whose newest commit needs an approval')),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Requests on a page' })),
    cursor: Type.Optional(Type.String({ maxLength: 200, description: 'From the member `next` of a page' })),
  },
  { additionalProperties: false },
)

export const PullRequestParams = Type.Object({
  name: Type.String({ description: 'Project' }),
  number: id('Number at the forge'),
})

export const DecidePullRequest = Type.Object(
  {
    commit: Type.String({
      pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$',
      description: 'Full name of the newest commit. The decision is about this commit only',
    }),
  },
  { additionalProperties: false },
)
export type DecidePullRequest = Static<typeof DecidePullRequest>
