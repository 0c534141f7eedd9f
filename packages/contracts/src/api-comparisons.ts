import Type from 'typebox'
import { count, id, jobId, list, maybe, maybeInteger, maybeOneOf, maybeText, oneOf } from './api-formats.ts'
import { commit } from './api-matrix.ts'
import { verdicts } from './attempts.ts'

/** The schemas of the comparison of two attempts. */

const Run = Type.Object({
  attempt: Type.String({ description: 'Name of the attempt: JOB.NUMBER' }),
  jobId: jobId('Number of the job'),
  buildId: id('Number of the build'),
  host: Type.String(),
  arch: Type.String(),
  variant: Type.String(),
  branch: maybeText('Branch that was pushed'),
  commit,
  verdict: maybeOneOf(verdicts, 'The result; null until the attempt has ended'),
})

const StepOfRun = maybe(
  Type.Object(
    { exit: count('Exit code'), milliseconds: count('Duration') },
    { description: 'null: the attempt has not ended this step' },
  ),
)

const Line = Type.Object({
  kind: oneOf(['same', 'before', 'after'], 'The attempt that has the line. same: both'),
  number: maybeInteger('Number of the line in its log, from 1; null if the farm does not know it'),
  text: Type.String(),
})

export const Comparison = Type.Object(
  {
    before: Run,
    after: Run,
    facts: list(
      Type.Object({
        name: Type.String({ description: 'Such as commit, source src, compiler' }),
        before: Type.String(),
        after: Type.String(),
      }),
      'What differs around the runs: host, commits, compiler, host facts, recipe',
    ),
    steps: list(
      Type.Object({ name: Type.String(), before: StepOfRun, after: StepOfRun }),
      'In the order of the recipe',
    ),
    step: maybeText('Step whose output is compared; null if no step has ended in both attempts'),
    lines: maybe(
      Type.Object(
        {
          equalLines: count('Number of equal lines before the first difference'),
          differences: list(
            Type.Array(Line, { description: 'One difference, with the lines around it' }),
            'At most ten. Times, paths, addresses and process numbers do not count',
          ),
          complete: Type.Boolean({ description: 'false: there are more differences' }),
          cut: Type.Boolean({ description: 'true: the farm compared only the first MiB of the step' }),
        },
        { description: 'How the output of the step differs' },
      ),
    ),
  },
  { $id: 'Comparison', description: 'How two attempts differ' },
)

export const ComparisonFilter = Type.Object(
  {
    with: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,9}(\\.[1-9][0-9]{0,9})?$',
        description: 'Earlier job or attempt: JOB or JOB.NUMBER. Default: the last good job of the same cell',
      }),
    ),
    attempt: Type.Optional(Type.Integer({ minimum: 1, description: 'Number of the attempt. Default: the newest' })),
  },
  { additionalProperties: false },
)
