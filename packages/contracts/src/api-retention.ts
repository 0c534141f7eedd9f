import Type, { type Static } from 'typebox'
import { count, maybe, maybeInteger, maybeMoment, moment } from './api-formats.ts'
import { WrittenKeep } from './keep-yaml.ts'

export const Expired = Type.Object(
  {
    at: moment('When the farm deleted the data'),
    keptDays: maybeInteger('How many days the project keeps such data; null: it keeps them all now'),
  },
  { description: 'The farm deleted the data because of `keep` in farm.yaml; null: it did not' },
)

const days = (what: string) =>
  Type.Optional(Type.Integer({ minimum: 1, description: `Days for which the farm keeps ${what}; absent: all` }))

const Keep = Type.Object(
  {
    logsDays: days('logs'),
    artifactsDays: days('artifacts'),
    failedLogsDays: days('logs of failed jobs'),
    failedArtifactsDays: days('artifacts of failed jobs'),
    buildsDays: days('builds with their jobs'),
    lastPerCell: count('How many of the newest results of each cell stay'),
  },
  { description: 'What the project keeps; null: everything' },
)

const { logs, artifacts, builds, failures, last } = WrittenKeep.properties

export const RetentionQuery = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2147483647, description: 'The `next` of the answer before' }),
    ),
    ...{ logs, artifacts, builds, failures, last },
  },
  { additionalProperties: false },
)
export type RetentionQuery = Static<typeof RetentionQuery>

export const ExpiryPreview = Type.Object(
  {
    project: Type.String(),
    keep: maybe(Keep),
    waitsUntil: maybeMoment('Nothing expires before this time, because `keep` changed lately; null: no wait'),
    logs: count('Logs that expire'),
    logBytes: count('Their size'),
    artifacts: count('Files that expire'),
    artifactBytes: count('Their size'),
    builds: count('Builds that expire with their jobs, logs and artifacts'),
    jobs: count('The jobs of these builds'),
    looked: count('How many builds the farm looked at'),
    next: maybeInteger('There are more builds: repeat the request with this number as `after`; null: these are all'),
  },
  { $id: 'ExpiryPreview', description: 'What the farm would delete now' },
)
export type ExpiryPreview = Static<typeof ExpiryPreview>
