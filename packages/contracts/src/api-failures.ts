import Type from 'typebox'
import { count, id, jobId, list, maybe, maybeInteger, maybeText, moment } from './api-formats.ts'
import { commit } from './api-matrix.ts'

/** The schema of the failure of an attempt: why it failed, and where else the same failure occurred. */
export const JobFailure = Type.Object(
  {
    attempt: Type.String({ description: 'Name of the attempt: JOB.NUMBER' }),
    jobId: jobId('Number of the job'),
    step: Type.String({ description: 'Failed step' }),
    exit: maybeInteger('Exit code of the step; null if the step did not end by itself'),
    rule: Type.String({
      description: 'Rule that found the line; timeout or last-lines: no rule found a line. See docs/failures.md',
    }),
    message: Type.String({ description: 'Line of the log that shows the failure, without colours' }),
    line: maybeInteger('Number of this line in the log, from 1; null if the farm does not know it'),
    excerpt: Type.Object(
      {
        firstLine: count('Number of the first line in the log, from 1'),
        lines: Type.Array(Type.String()),
      },
      { description: 'The line, with the lines around it' },
    ),
    others: list(
      Type.Object({ line: id('Number of the line in the log'), text: Type.String() }),
      'Further errors of the step, at most ten',
    ),
    errors: count('Number of all errors of the step'),
    fingerprint: Type.String({ description: 'Equal fingerprints mean the same failure' }),
    text: Type.String({ description: 'Line without numbers, paths and times, from which the fingerprint is computed' }),
    fromHost: Type.Boolean({ description: 'Whether the host probably caused the failure' }),
    skippedBytes: count('Bytes in the middle of a long step that the farm did not search'),
    spread: Type.Object(
      {
        hosts: count('Number of hosts of the build with the same failure'),
        of: count('Number of hosts of the build with a result'),
        names: list(Type.String(), 'Names of the hosts with this failure, at most 20'),
        symbol: maybeText('Quoted name of the message, such as an undefined symbol'),
        sameSymbol: list(Type.String(), 'Hosts of the build with another message about this symbol, at most 20'),
      },
      { description: 'Where else the build failed in the same way' },
    ),
    seenBefore: maybe(
      Type.Object(
        {
          buildId: id('Number of the build'),
          jobId: jobId('Number of the first job of this build with the failure'),
          commit,
          at: moment('When the build was created'),
        },
        { description: 'Newest earlier build of the project with the same failure; null: the failure is new' },
      ),
    ),
  },
  { $id: 'JobFailure', description: 'Why an attempt failed, and where else the same failure occurred' },
)
