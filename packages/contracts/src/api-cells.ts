import Type from 'typebox'
import {
  bulkFormat,
  count,
  id,
  jobId,
  list,
  maybe,
  maybeInteger,
  maybeMoment,
  maybeOneOf,
  maybeText,
  moment,
  oneOf,
  page,
  ref,
} from './api-formats.ts'
import { commit, failedStep, testsMissing } from './api-matrix.ts'
import { attemptStates, verdicts } from './attempts.ts'
import { cellStates } from './cell-states.ts'

/** The schemas of cells, of their history, and of the changes between builds. */

const strict = { additionalProperties: false } as const
const word = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }))
const branch = Type.Optional(
  Type.String({ minLength: 1, maxLength: 255, description: 'Default: the main branch of the project' }),
)
const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Maximum number of items' })),
  cursor: Type.Optional(
    Type.String({ maxLength: 1000, description: 'Start of the page: the cursor in `next` of the previous page' }),
  ),
}

export const CellFilter = Type.Object(
  {
    ...paging,
    format: bulkFormat(),
    branch,
    host: word,
    arch: word,
    variant: word,
    state: Type.Optional(oneOf(cellStates, 'Only cells with this state')),
  },
  strict,
)
export const LastGoodFilter = Type.Object(
  { ...paging, format: bulkFormat(), branch, host: word, arch: word, variant: word },
  strict,
)
export const CommitFilter = Type.Object({ ...paging, format: bulkFormat(), branch }, strict)
export const BranchQuery = Type.Object({ branch }, strict)
const name = Type.String({ minLength: 1, maxLength: 255 })
export const CellParam = Type.Object({ name, host: name, arch: name, variant: name })

const milestone = Type.Object({
  jobId: maybeInteger('Number of the job; null if the farm does not know it'),
  buildId: id('Number of the build'),
  commit,
  at: moment('When the job ended'),
})

const newest = Type.Object({
  state: oneOf(cellStates, 'How the newest result compares with the results before it'),
  verdict: oneOf(verdicts, 'Newest result'),
  failedStep,
  fingerprint: maybeText('Equal for failures with the same first error; null until the farm has examined the log'),
  message: maybeText('The line of the log that shows the failure'),
  attempt: Type.String({ description: 'Attempt with the newest result: JOB.NUMBER' }),
  jobId: jobId('Number of its job'),
  buildId: id('Number of its build'),
  commit,
  finishedAt: moment('When the attempt ended'),
  flakiness: Type.Object({
    flaky: Type.Boolean(),
    results: count('Number of the newest results that count'),
    changes: count('How often these results changed between passed and failed'),
  }),
  expectedMs: maybeInteger('Median duration of the last passes, in milliseconds; null without a pass'),
  testsMissing,
  since: milestone,
  changed: maybe(milestone),
  lastGood: maybe(milestone),
})

const cellName = { host: Type.String(), arch: Type.String(), variant: Type.String() }

const branchDeletedAt = maybeMoment(
  'When the branch was deleted in its repository; null: it exists. The matrix has no cells of a deleted branch',
)

export const BranchCell = Type.Object(
  { ...cellName, last: newest },
  { $id: 'BranchCell', description: 'A cell of a branch with its newest result' },
)
export const BranchCellPage = page(BranchCell)

const CommitOfSource = Type.Object({
  commit,
  author: Type.String(),
  subject: Type.String({ description: 'First line of the commit message' }),
  committedAt: moment('When the commit was made'),
})

const SourceChange = Type.Object({
  name: Type.String({ description: 'Name of the source; the first source is the project' }),
  repository: Type.String(),
  before: maybeText('Commit of the earlier build; null: that build did not have this source'),
  after: Type.String({ description: 'Commit of the later build' }),
  total: maybeInteger('Number of commits; null: the farm does not know all of them'),
  compareUrl: maybeText('Page of the comparison on the forge; null for a path and for an unknown forge'),
  commits: list(CommitOfSource, 'After `before`, up to and including `after`; newest first; at most 200'),
})

const Change = Type.Object({ name: Type.String(), before: Type.String(), after: Type.String() })

export const Cell = Type.Object(
  {
    project: Type.String(),
    branch: Type.String(),
    branchDeletedAt,
    ...cellName,
    planned: Type.Boolean({ description: 'Whether farm.yaml and the host plan new jobs for this cell' }),
    last: maybe(newest),
    known: maybeText('The reason in farm.yaml why this cell is expected to fail'),
    runs: list(
      Type.Object({
        attempt: Type.String({ description: 'JOB.NUMBER' }),
        jobId: jobId('Number of the job'),
        buildId: id('Number of the build'),
        commit,
        verdict: oneOf(verdicts, 'Result'),
        failedStep,
        fingerprint: maybeText('Fingerprint of the failure'),
        purpose: Type.String({ description: 'build, retry, lost or confirm' }),
        compiler: maybeText('First line of the version text of the compiler'),
        milliseconds: maybeInteger('Duration; null if the attempt did not start'),
        testsMissing,
        finishedAt: moment('When the attempt ended'),
      }),
      'The newest 50 finished attempts in the order of the commits, newest first',
    ),
    open: list(
      Type.Object({
        attempt: Type.String({ description: 'JOB.NUMBER' }),
        jobId: jobId('Number of the job'),
        buildId: id('Number of the build'),
        commit,
        purpose: Type.String(),
        state: oneOf(attemptStates, 'State of the attempt'),
        since: moment('Start of this state'),
      }),
      'Unfinished attempts, at most 20',
    ),
    seenBefore: maybe(
      Type.Object({
        buildId: id('Number of the build'),
        jobId: jobId('Number of the job'),
        commit,
        at: moment('When the build was created'),
      }),
    ),
    sinceLastGood: maybe(
      Type.Object({
        commits: maybeInteger('Number of commits of all sources; null: the farm does not know all of them'),
        sources: list(SourceChange, 'From the last good build to the first failed build'),
        compiler: maybe(Change),
        facts: list(Change, 'Facts of the host that changed'),
        recipe: list(Type.String(), 'Parts of the recipe that changed'),
      }),
    ),
  },
  { $id: 'Cell', description: 'A cell with its history, and what changed since its last good run' },
)

export const LastGoodCell = Type.Object(
  {
    ...cellName,
    verdict: oneOf(verdicts, 'Newest result'),
    state: oneOf(cellStates, 'How the newest result compares with the results before it'),
    jobId: jobId('Job with the newest result'),
    lastGood: maybe(milestone),
    behind: maybeInteger('How many commits of the branch are newer than the last good commit'),
  },
  { $id: 'LastGoodCell', description: 'The newest commit that passed in a cell' },
)
export const LastGoodCellPage = page(LastGoodCell)

export const BranchCommit = Type.Object(
  {
    commit,
    position: Type.Integer({ description: 'A larger position is newer; neighbouring commits differ by one' }),
    buildId: id('Newest build of the commit'),
    author: maybeText('Author of the commit'),
    subject: maybeText('First line of the commit message'),
    at: moment('When the commit was made; until the farm knows this: when it was first built'),
  },
  { $id: 'BranchCommit', description: 'A built commit of a branch' },
)
export const BranchCommitPage = page(BranchCommit)

const resultOfCommit = Type.Object({
  verdict: maybeOneOf(verdicts, 'Worst result of the variants; null: no job has ended'),
  failedStep,
  jobId: jobId('Number of the job with this result'),
  variants: count('Number of variants with this result'),
  of: count('Number of variants'),
})

export const CommitTable = Type.Object(
  {
    project: Type.String(),
    branch: Type.String(),
    branchDeletedAt,
    columns: list(
      Type.Object({ host: Type.String(), arch: Type.String() }),
      'At most 60 columns, sorted by host and arch',
    ),
    fromColumn: count('Number of columns before the first one'),
    moreColumns: Type.Boolean({ description: 'true: more columns follow. Read them with fromColumn' }),
    items: list(
      Type.Object({
        commit: ref(BranchCommit),
        results: Type.Array(maybe(resultOfCommit), {
          description: 'One result for each column; null: the cell has no job of this commit',
        }),
      }),
      'Built commits, newest first; at most 50',
    ),
    next: maybeText('Address of the next commits, also in the header Link; null on the last page'),
  },
  { $id: 'CommitTable', description: 'Built commits of a branch, with their results on each host for each arch' },
)
export const CommitTableFilter = Type.Object(
  {
    branch,
    host: word,
    arch: word,
    fromColumn: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0, description: 'First column' }),
    ),
    cursor: paging.cursor,
  },
  strict,
)

export const BuildFailures = Type.Object(
  {
    groups: list(
      Type.Object({
        fingerprint: Type.String(),
        step: Type.String({ description: 'Failed step' }),
        rule: Type.String({ description: 'Rule that found the line' }),
        message: Type.String({ description: 'The line of the log that shows the failure' }),
        fromHost: Type.Boolean({ description: 'Whether the host probably caused the failure' }),
        skippedBytes: count('Most bytes in the middle of a long step that the farm did not search, in one of the jobs'),
        symbol: maybeText('Quoted name of the message, such as an undefined symbol'),
        sameSymbol: list(
          Type.String(),
          'Fingerprints of other groups that quote the same symbol: probably one failure',
        ),
        looksLike: list(Type.String(), 'Fingerprints of other groups with a similar text: only a suggestion'),
        jobs: count('Number of jobs with this failure'),
        hosts: count('Number of hosts with this failure'),
        cells: list(Type.Object({ jobId: jobId('Number of the job'), ...cellName }), 'At most 20 of the jobs'),
        firstBuildId: id('First build of the project with this failure'),
      }),
      'Most jobs first; at most 50',
    ),
    more: Type.Boolean({ description: 'Whether the build has more groups' }),
  },
  { $id: 'BuildFailures', description: 'The distinct failures of a build' },
)

export const buildEffectNames = [
  'broke',
  'fixed',
  'failing-differently',
  'still-failing',
  'still-passing',
  'first-pass',
  'first-failure',
  'flaky',
  'none',
] as const

export const BuildChanges = Type.Object(
  {
    branch: maybeText('Branch with which the farm compares; null: no branch has the commit'),
    previous: maybe(Type.Object({ buildId: id('Number of the build'), commit })),
    jobs: list(
      Type.Object({
        jobId: jobId('Number of the job'),
        ...cellName,
        effect: oneOf(buildEffectNames, 'How the result compares with the newest earlier result of the cell'),
        failedStep,
        message: maybeText('The line of the log that shows the failure'),
        before: maybe(Type.Object({ jobId: jobId('Number of the job'), buildId: id('Number of the build'), commit })),
        milliseconds: maybeInteger('Duration of the newest result'),
        expectedMs: maybeInteger('Median duration of the last passes of the cell'),
      }),
      'The jobs of the build, at most 2,000',
    ),
    sources: list(SourceChange, 'Changes of each source since the previous build'),
  },
  { $id: 'BuildChanges', description: 'What a build broke and fixed, and the commits since the previous build' },
)
