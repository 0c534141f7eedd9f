import Type from 'typebox'
import { count, id, jobId, list, maybe, maybeText, moment, oneOf } from './api-formats.ts'
import { attemptStates, verdicts } from './attempts.ts'
import { looks } from './cell-states.ts'

/** The schema of the answer of /api/v1/matrix. Other schemas of the API also use some of its parts. */

export const commit = Type.String({ description: 'Full commit id' })
export const state = oneOf(attemptStates, 'State of the newest attempt. waiting: the farm is preparing the sources')
export const failedStep = maybeText('Step that failed')

const cellStates = [
  'unknown',
  'failing',
  'passing',
  'newly-failing-unconfirmed',
  'newly-failing',
  'still-failing',
  'failing-differently',
  'fixed',
  'flaky',
] as const
const maybeCount = (description: string) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0, description })

export const testsMissing = Type.Boolean({
  description: 'The job passed without any test, although earlier jobs of the cell had tests',
})

export const Milestone = Type.Object({ buildId: id('Number of the build'), commit, at: moment('When the job ended') })

const cell = {
  host: Type.String(),
  arch: Type.String(),
  project: Type.String(),
  branch: Type.String({ description: 'Branch of the results' }),
  variant: Type.String(),
  last: maybe(
    Type.Object({
      jobId: jobId('Number of the job'),
      buildId: id('Number of its build'),
      commit,
      attempt: Type.String({ description: 'Name of the attempt: JOB.NUMBER' }),
      verdict: oneOf(verdicts, 'Result of the job'),
      failedStep,
      state: oneOf(cellStates, 'State of the cell, derived from the results of all commits of the branch'),
      fingerprint: maybeText('Fingerprint of the failure: equal fingerprints mean the same failure'),
      message: maybeText('Line of the log that shows the failure'),
      flakiness: Type.Object({
        flaky: Type.Boolean({ description: 'The cell passes and fails without a change of the source' }),
        results: count('Number of the newest results that were counted, at most 20'),
        changes: count('How often these results changed between passed and not passed'),
      }),
      expectedMs: maybeCount('Median duration of the newest passes, in milliseconds'),
      testsMissing,
      finishedAt: moment('When the job ended'),
      since: Milestone,
      changed: maybe(Milestone),
      lastGood: maybe(Milestone),
    }),
  ),
  active: maybe(
    Type.Object({
      jobId: jobId('Number of the job'),
      attempt: Type.String({ description: 'Name of the attempt: JOB.NUMBER' }),
      buildId: id('Number of its build'),
      state,
      step: maybeText('Current step'),
      since: moment('Start of this state'),
    }),
  ),
  prevented: maybeText(
    'Why no new job runs here: a rule of the owner forbids it, or the host cannot build for the arch',
  ),
  known: maybeText('The reason in farm.yaml why this cell is expected to fail; also present if the cell passes'),
  acknowledged: maybe(
    Type.Object({
      id: id('Number of the acknowledgement'),
      note: Type.String({ description: 'Why the failure is known' }),
      owner: Type.String({ description: 'Who takes care of the failure' }),
      link: maybeText('Address of a bug report'),
      expiresAt: moment('When the failure counts again'),
    }),
  ),
  alike: Type.Object(
    {
      cells: count('Number of cells in `of` with the same verdict at the same step'),
      of: count('Number of other cells with a result of the same commit'),
      notYet: count('Number of other cells without a result of this commit or a newer one'),
    },
    {
      description: 'The other cells of the project at this commit, to show whether it fails only in this cell',
    },
  ),
}
const Cell = Type.Object(cell)

const Host = Type.Object({
  name: Type.String(),
  system: Type.String({ description: 'As uname prints it' }),
  os: Type.String({ description: 'Operating system, such as NetBSD' }),
  release: Type.String({ description: 'Its release, such as 10.1' }),
  presence: Type.String(),
  lastSeenAt: moment('Time of the last message from the host'),
  refusal: maybeText('Why the host gets no jobs now'),
  arches: Type.Array(
    Type.Object({
      arch: Type.String(),
      kind: Type.String(),
      compiler: Type.String(),
      unable: maybeText('Why the host cannot build for this arch now'),
    }),
  ),
})

export const Matrix = Type.Object(
  {
    at: moment('Time of this matrix'),
    projects: Type.Array(Type.String()),
    branches: Type.Array(
      Type.Object({
        project: Type.String(),
        shown: Type.String({ description: 'Branch of the cells' }),
        built: Type.Array(Type.String(), { description: 'Branches that were built, newest push first' }),
      }),
    ),
    arches: Type.Array(Type.String()),
    hosts: Type.Array(Host),
    cells: list(Cell, 'Every expected cell; `last` is null until a job of the cell has ended'),
  },
  { $id: 'Matrix', description: 'Newest result of one branch of each project, by variant, host and arch' },
)

export const MatrixBox = Type.Object(
  {
    at: moment('Time of this answer'),
    host: maybe(Host),
    arch: Type.String(),
    cells: list(
      Type.Object({
        ...cell,
        look: oneOf(looks, 'How the cell looks in the matrix'),
        range: maybe(
          Type.Object(
            {
              commits: maybeCount('How many commits could have broken the cell; null: the farm does not know it'),
              author: maybeText('Author of the commit, if it is the only one'),
              subject: maybeText('Subject of the commit, if it is the only one'),
              alsoOn: list(Type.String(), 'Other hosts of the project that fail with the same fingerprint'),
              of: count('How many other hosts have a cell of the project'),
            },
            { description: 'For a failing cell: the commits that could have broken it, and where else it fails' },
          ),
        ),
      }),
      'All cells of the host and the arch. The cells that did not simply pass are first',
    ),
  },
  { $id: 'MatrixBox', description: 'One box of the matrix: all cells of one host and one arch' },
)

const causeMilestone = Type.Object({
  buildId: id('Number of the build'),
  commit,
  at: moment('When the job ended'),
})

const Cause = Type.Object({
  project: Type.String(),
  branch: Type.String(),
  kind: oneOf(
    ['new', 'unconfirmed', 'still', 'fixed'],
    'unconfirmed: one attempt failed, and the farm runs it again. fixed: the cells pass again',
  ),
  step: maybeText('Step that failed'),
  timedOut: Type.Boolean({ description: 'true: the step reached a time limit' }),
  fingerprint: maybeText('Fingerprint of the failure, if all cells have the same'),
  message: maybeText('Line of the log that shows the failure; only for new failures'),
  since: causeMilestone,
  lastGood: maybe(causeMilestone),
  commits: maybeCount('How many commits the range after `lastGood` up to `since` has; null: the farm does not know it'),
  author: maybeText('Author of `since`, if it is the only commit of the range'),
  subject: maybeText('Subject of `since`, if it is the only commit of the range'),
  hosts: list(Type.String(), 'Names of the hosts of the cells'),
  of: count('How many hosts build the project'),
  before: count('How many hosts fail in the same way since an earlier day'),
  reached: maybeCount('How many hosts have a result of `since` or of a newer commit; only for new failures'),
  cells: list(
    Type.Object({
      host: Type.String(),
      arch: Type.String(),
      variant: Type.String(),
      jobId: maybeCount('Number of the newest ended job'),
    }),
    'The cells that changed for this reason',
  ),
})

export const MatrixNews = Type.Object(
  {
    at: moment('Time of this answer'),
    failing: list(Cause, 'Failures of the last 24 hours, grouped by their cause; newest first'),
    fixed: list(Cause, 'Cells that pass again since less than 24 hours; newest first'),
    still: list(Cause, 'Older failures; newest first'),
    silent: list(
      Type.Object({ host: Type.String(), since: moment('Time of the last message from the host') }),
      'Hosts that should be online but send nothing; the longest silence first',
    ),
    longestWait: maybe(
      Type.Object(
        {
          host: Type.String(),
          arch: Type.String(),
          jobId: jobId('Number of the job'),
          since: moment('Since when the job waits'),
        },
        { description: 'The queued job that waits longest; null: no job waits' },
      ),
    ),
  },
  { $id: 'MatrixNews', description: 'What changed in the matrix: new failures, corrections, silent hosts' },
)
