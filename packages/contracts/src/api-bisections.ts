import Type, { type Static } from 'typebox'
import {
  bulkFormat,
  count,
  id,
  jobId,
  list,
  maybeMoment,
  maybeOneOf,
  maybeText,
  moment,
  oneOf,
  page,
} from './api-formats.ts'
import { commit, failedStep } from './api-matrix.ts'

/** The requests and answers of the API about bisections and common traits. */

const states = ['preparing', 'running', 'finished'] as const
export const bisectionOutcomes = [
  'confirmed',
  'range',
  'host-changed',
  'flaky',
  'other-failure',
  'no-result',
  'noisy',
  'budget',
  'cancelled',
  'fixed',
  'rewritten',
  'host-gone',
] as const
const purposes = ['good-end', 'bad-end', 'search', 'repeat', 'confirm', 'other-cell'] as const
const verdicts = ['good', 'bad', 'other', 'none'] as const

const maybeNumber = (description: string) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 0, description })

const maybeRate = Type.Unsafe<number | null>({
  type: ['number', 'null'],
  minimum: 0,
  maximum: 1,
  description: 'Share of the runs in which the failure of a flaky cell occurs; null if it always occurs',
})

const text = (description: string) => Type.String({ minLength: 1, maxLength: 255, description })

export const StartBisection = Type.Object(
  {
    project: text('Name of the project'),
    branch: Type.Optional(text('Branch of the cell. Default: the main branch of the project')),
    host: text('Host of the cell'),
    arch: text('Architecture of the cell'),
    variant: Type.Optional(text('Variant of the cell. Default: default')),
    dryRun: Type.Optional(
      Type.Boolean({ description: 'true: the answer is only the price, and the farm starts nothing' }),
    ),
  },
  { additionalProperties: false },
)
export type StartBisection = Static<typeof StartBisection>

export const BisectionFilter = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Maximum number of items' }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: 200, description: 'Start of the page: the cursor in `next` of the previous page' }),
    ),
    format: bulkFormat(),
    project: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    state: Type.Optional(oneOf(['open', 'finished'], 'open: preparing or running')),
  },
  { additionalProperties: false },
)

const summary = {
  id: id('Number of the bisection'),
  project: Type.String(),
  branch: Type.String(),
  host: Type.String({ description: 'Host on which the search runs' }),
  arch: Type.String(),
  variant: Type.String(),
  goodCommit: commit,
  badCommit: commit,
  badJobId: jobId('The failed job of the bad commit'),
  failedStep,
  fingerprint: maybeText('Fingerprint of the failure; null: the failed step alone decides'),
  state: oneOf(states, 'preparing: the farm reads the commits of the range'),
  outcome: maybeOneOf(bisectionOutcomes, 'Kind of the answer; null until the bisection has ended'),
  words: maybeText('The answer in words; null until the bisection has ended'),
  mergeOf: maybeNumber('The bisection whose answer is the merge inside which this one searches'),
  startedBy: Type.String({ description: 'farm: the farm started it because of `bisect` in farm.yaml' }),
  createdAt: moment('When the bisection was started'),
  finishedAt: maybeMoment('When the bisection ended'),
}

export const BisectionSummary = Type.Object(summary, { $id: 'BisectionSummary' })
export const BisectionSummaryPage = page(BisectionSummary)

const BisectionCommit = Type.Object({
  position: count('From 1, the oldest commit of the range'),
  commit,
  author: Type.String(),
  subject: Type.String(),
  weight: Type.Number({ description: 'A larger weight makes the commit more likely. Weights order the probes only' }),
  doubt: maybeOneOf(
    ['merge', 'documentation', 'other-arch', 'comments'],
    'Why to check the commit if it is the answer',
  ),
})

const Probe = Type.Object({
  number: count('Order of the start'),
  position: count('Position of the commit; 0: the last good commit'),
  commit,
  purpose: maybeOneOf(purposes, 'Why the bisection ran this; null: the result of another build, which costs nothing'),
  host: Type.String(),
  arch: Type.String(),
  variant: Type.String(),
  jobId: jobId('Number of the job'),
  attempt: Type.String({ description: 'Name of the attempt' }),
  verdict: maybeOneOf(verdicts, 'other: the commit fails in another way. none: no result. null: not ended'),
  reason: maybeText('Why the attempt has this verdict'),
  costMs: count('Duration of the run in milliseconds'),
  createdAt: moment('When the probe was started'),
  endedAt: maybeMoment('When the probe ended'),
})

export const Bisection = Type.Object(
  {
    ...summary,
    failureRate: maybeRate,
    price: maybeText('Expected price, such as "about 5 probes, 9 h on vax"; null until the commits are known'),
    spentMs: count('Time of hosts that the probes used, in milliseconds'),
    budgetSeconds: count('Time of hosts that the bisection may use'),
    runs: count('Number of probes'),
    runsMax: count('Largest number of probes'),
    low: maybeNumber('The first bad commit is after this position'),
    high: maybeNumber('The first bad commit is at or before this position'),
    answerIsMerge: Type.Boolean({
      description: 'Whether the answer is a merge, so that a second bisection can look inside',
    }),
    insideMerge: maybeNumber('The second bisection, inside the merge that is the answer'),
    nextAt: maybeMoment('Earliest time of the next probe, if the bisection pauses'),
    problem: maybeText('Why the farm cannot read the commits'),
    cells: list(
      Type.Object({ host: Type.String(), arch: Type.String(), variant: Type.String() }),
      'Cells with the same failure. The first one is the cell of the search',
    ),
    commits: list(BisectionCommit, 'Commits of the range, oldest first'),
    probes: list(Probe, 'Probes, and results of other builds that count'),
  },
  { $id: 'Bisection', description: 'A search for the first bad commit of a failing cell' },
)

export const BisectionPrice = Type.Object(
  {
    id: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'Number of the bisection; null for a dry run',
    }),
    url: maybeText('Page of the bisection; null for a dry run'),
    created: Type.Boolean({ description: 'false: nothing was started, or a bisection of this failure already runs' }),
    price: maybeText(
      'Such as "about 5 probes, 9 h on vax"; null if the farm does not know the commits, or if it already runs',
    ),
    probes: maybeNumber('Expected number of probes'),
    milliseconds: maybeNumber('Expected time of the host'),
    commits: maybeNumber('Number of commits in the range'),
    host: maybeText('Host on which the search runs: the fastest one with this failure'),
    budgetSeconds: maybeNumber('Time of hosts that the bisection may use'),
    failureRate: maybeRate,
  },
  { $id: 'BisectionPrice', description: 'Answer to a start of a bisection, or to a dry run' },
)

const FailureTrait = Type.Object({
  fingerprint: Type.String(),
  step: Type.String(),
  message: Type.String({ description: 'First error line' }),
  trait: oneOf(
    ['endianness', 'word-size', 'system', 'arch', 'compiler', 'libc', 'release', 'compiler-version', 'libc-version'],
    'Kind of the trait',
  ),
  value: Type.String({ description: 'Such as big-endian' }),
  words: Type.String({ description: 'Such as "fails on all big-endian hosts, passes elsewhere"' }),
  failingHosts: Type.Array(Type.String()),
  passingHosts: Type.Array(Type.String()),
})

export const BuildTraits = Type.Object(
  { items: list(FailureTrait, 'Failures that occur only on hosts with a common trait') },
  { $id: 'BuildTraits', description: 'What the failing hosts of a build have in common' },
)
