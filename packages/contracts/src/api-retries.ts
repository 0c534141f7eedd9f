import Type from 'typebox'
import { count, list, oneOf } from './api-formats.ts'
import { retrySelections } from './retries.ts'

/** The requests and answers of the API about jobs that run again. */

const dryRun = Type.Optional(
  Type.Boolean({ description: 'true: the answer says which jobs would run again, and the farm changes nothing' }),
)

export const RetryBuild = Type.Object(
  {
    which: Type.Optional(
      oneOf(
        retrySelections,
        'all: each finished job. failed: jobs that failed, timed out, or did not run because of an error of the host or the sources. lost: jobs whose host was lost. Default: failed',
      ),
    ),
    dryRun,
  },
  { additionalProperties: false },
)

export const RetryLost = Type.Object(
  {
    project: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'Only jobs of this project. Default: all projects' }),
    ),
    dryRun,
  },
  { additionalProperties: false },
)

export const Retries = Type.Object(
  {
    jobs: count('How many jobs run again'),
    hosts: list(
      Type.Object({ host: Type.String(), jobs: count('How many jobs run again on this host') }),
      'The hosts of these jobs',
    ),
    attempts: list(Type.String(), 'Names of the new attempts: JOB.NUMBER. Empty after a dry run'),
    open: count('How many of the jobs wait or run already'),
    refused: list(
      Type.Object({ job: Type.Integer(), host: Type.String(), why: Type.String() }),
      'The jobs that cannot run again, with the reason',
    ),
  },
  { $id: 'Retries' },
)
