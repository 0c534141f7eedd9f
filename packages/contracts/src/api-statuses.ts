import Type from 'typebox'
import { id, jobId, list, maybeMoment, maybeText, moment, oneOf, ref } from './api-formats.ts'

export const CommitStatus = Type.Object(
  {
    id: id('Number of the status'),
    commit: Type.String(),
    branch: maybeText('Branch whose push the farm built; null: not known'),
    buildId: Type.Union([id('The newest build of the commit, to which the status links'), Type.Null()], {
      description: 'null: the commit of a pull request has no build, because it waits for an approval or got none',
    }),
    jobId: Type.Union([jobId('The job to which the status of a cell links'), Type.Null()], {
      description: 'null: the status of the whole build',
    }),
    pullRequest: Type.Union(
      [id('The pull request to whose page the status links: its number at the forge'), Type.Null()],
      {
        description: 'null: the commit has a build',
      },
    ),
    api: Type.String({ description: "Address of the forge's API" }),
    repository: Type.String({ description: 'Path of the repository on the forge' }),
    context: Type.String({ description: 'Name of the status on the forge' }),
    state: oneOf(
      ['pending', 'running', 'success', 'failure', 'error', 'cancelled'],
      'Wanted state. The page docs/commit-status.md has the word of each forge',
    ),
    description: Type.String({ description: 'Text beside the state' }),
    changedAt: moment('When the wanted state changed last'),
    sentAt: maybeMoment('When the forge last accepted a state; null: never'),
    sent: Type.Boolean({ description: 'Whether the forge has the wanted state' }),
    nextAt: maybeMoment('When the farm sends the state; null: it is sent, or the farm gave up'),
    tries: Type.Integer({ minimum: 0, description: 'Failed tries for this state' }),
    gaveUpAt: maybeMoment('When the farm gave up; null: it did not'),
    problem: maybeText('Why the newest try failed; null: no try failed'),
  },
  { $id: 'CommitStatus', description: 'The status of a commit on a forge' },
)
export const CommitStatuses = Type.Object(
  { items: list(ref(CommitStatus), 'The statuses that changed last, newest first') },
  { $id: 'CommitStatuses' },
)
export const RetriedStatuses = Type.Object(
  { retried: Type.Integer({ minimum: 0, description: 'How many statuses the farm sends again; at most 100' }) },
  { $id: 'RetriedStatuses' },
)
