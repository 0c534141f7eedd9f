import Type from 'typebox'
import {
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
import { commit, failedStep, Milestone, state, testsMissing } from './api-matrix.ts'
import { Expired } from './api-retention.ts'
import { attemptPurposes, verdicts } from './attempts.ts'
import { buildKinds } from './build-kinds.ts'
import { cellStates } from './cell-states.ts'

/**
 * The answers of the API, /api/v1. The farm's queries return values in this format. If a value has members that are not
 * listed here, the server does not send them.
 */

const verdict = maybeOneOf(verdicts, 'The result; null until the attempt has ended')

/** The keys of farm.yaml for the content of a source. */
const contents = {
  submodules: Type.Optional(Type.Boolean({ description: 'Whether it has its submodules; absent: no' })),
  lfs: Type.Optional(Type.Boolean({ description: 'Whether it has its files in git LFS; absent: no' })),
}
const strip = Type.Optional(
  count('Number of leading directories that the farm removes; absent: one, if all files have it'),
)

export const Source = Type.Object(
  {
    name: Type.String(),
    repository: Type.String(),
    commit,
    path: maybeText('Directory of the repository that the job unpacks; null: the whole repository'),
    leaveOut: list(Type.String(), 'Paths that are not in the tarball'),
    ...contents,
    module: Type.Optional(Type.String({ description: 'Module of CVS' })),
    tarball: Type.Optional(
      Type.Object(
        { strip },
        { description: 'The source is the tarball at the URL in `repository`, and `commit` is its SHA-256' },
      ),
    ),
    bytes: count('Size of the tarball in bytes'),
    sha256: Type.String({ description: 'SHA-256 of the tarball that the jobs unpack' }),
    merged: Type.Optional(
      Type.Object(
        {
          head: Type.String({ description: 'Commit of the pull request' }),
          base: Type.String({ description: 'Commit of the base branch' }),
          by: oneOf(['forge', 'farm'], 'Who made the merge'),
        },
        { description: 'The commit is the merge of a pull request into its base branch; absent: it is no such merge' },
      ),
    ),
  },
  { $id: 'Source', description: 'Tarball that a job unpacks' },
)

const Variant = Type.Object({
  env: Type.Record(Type.String(), Type.String()),
  hosts: list(Type.String(), 'Patterns of host names'),
  arches: list(Type.String(), 'Patterns of arch names'),
})

const Limits = Type.Object({
  wallSeconds: count('Time limit of a job'),
  silenceSeconds: count('No-output limit: the longest time without output'),
  graceSeconds: count('Time between TERM and KILL'),
  logBytes: count('Maximum size of the log'),
  artifactBytes: Type.Optional(
    count('Maximum size of all artifacts together; absent in recipes from before the farm had artifacts'),
  ),
  lostAfterSeconds: count('How long the farm waits for a silent host after the end of its lease'),
  attempts: count('Maximum number of attempts for a job whose host is lost'),
})

const RecipeSource = Type.Object({
  name: Type.String(),
  repository: Type.String(),
  branch: Type.Optional(Type.String()),
  commit: Type.Optional(Type.String()),
  commitFrom: Type.Optional(Type.String()),
  trigger: Type.Optional(Type.Boolean({ description: 'Whether a push to this source builds the project; absent: no' })),
  ...contents,
  module: Type.Optional(Type.String({ description: 'Module of CVS' })),
  tarball: Type.Optional(
    Type.Object(
      { sha256: Type.String(), strip },
      { description: 'The source is the tarball at the URL in `repository`; absent: it is no tarball' },
    ),
  ),
  leaveOut: Type.Array(Type.String()),
})

const artifactPatterns = list(Type.String(), 'Paths and patterns of the files that the farm keeps')

const recipeLists = {
  cache: Type.Optional(list(Type.String(), 'Paths that each host keeps from one job to the next')),
  errors: Type.Optional(list(Type.String(), 'Patterns (RE2) of the lines of the log that are errors')),
  ignore: Type.Optional(list(Type.String(), 'Patterns (RE2) of the lines of the log that are no errors')),
}

const RecipeStep = Type.Object({ name: Type.String(), run: Type.String({ description: 'Shell commands' }) })

export const Project = Type.Object(
  {
    name: Type.String(),
    title: Type.Optional(Type.String()),
    repository: Type.String({ description: 'Address of the repository, without passwords' }),
    path: Type.Optional(Type.String()),
    branches: list(Type.String(), 'Patterns of the branches whose pushes the farm builds'),
    tags: Type.Optional(list(Type.String(), 'Patterns of the tags that the farm builds; absent: none')),
    leaveOut: Type.Array(Type.String()),
    paths: Type.Optional(list(Type.String(), 'A push builds the project only if it changes one of these files')),
    pathsIgnore: Type.Optional(list(Type.String(), 'Changes of these files alone do not build the project')),
    ...contents,
    sources: Type.Array(RecipeSource),
    hosts: list(Type.String(), 'Patterns of host names'),
    arches: list(Type.String(), 'Patterns of arch names'),
    env: Type.Record(Type.String(), Type.String()),
    limits: Limits,
    coalesce: Type.Optional(
      Type.Boolean({
        description: 'Whether only the newest waiting build of a cell and branch runs; absent: on slow hosts',
      }),
    ),
    cancelSuperseded: Type.Optional(
      Type.Boolean({ description: 'Whether a newer build of a cell and branch cancels the running job; absent: no' }),
    ),
    jobsAtOnce: Type.Optional(count('Largest number of jobs that run at the same time on all hosts; absent: no limit')),
    variants: Type.Record(Type.String(), Variant),
    steps: Type.Array(RecipeStep),
    artifacts: Type.Optional(artifactPatterns),
    ...recipeLists,
  },
  { $id: 'Project', description: 'A project of farm.yaml, with all defaults' },
)
export const ProjectPage = page(Project)

const StepEnd = Type.Object({
  name: Type.String(),
  exit: count('Exit code; 128 + N for signal N'),
  milliseconds: count('Duration'),
  logBytes: count('Length of the log at the end of the step'),
})

const summaryOfJob = {
  id: jobId('Number of the job'),
  buildId: id('Number of the build of this job'),
  project: Type.String(),
  commit,
  host: Type.String(),
  arch: Type.String(),
  variant: Type.String(),
  attempt: Type.String({ description: 'Name of the newest attempt: JOB.NUMBER' }),
  state,
  verdict,
  failedStep,
  reason: maybeText(
    'Why the newest attempt ended without a result, in one word: cancelled, superseded, closed, refused, sources, conflict, lease-expired, …; null: it has a result, or has not ended',
  ),
  detail: maybeText('The same reason as one sentence for people'),
  supersededBy: maybeInteger(
    'The newer build that made the job unnecessary; null: there is none, or the newer commit of a pull request waits for an approval',
  ),
  queuedAt: moment('When the newest attempt was queued'),
  startedAt: maybeMoment('When the first step of the newest attempt started'),
  finishedAt: maybeMoment('When the newest attempt ended'),
  steps: list(StepEnd, 'The steps that have ended, in order'),
  logBytes: count('Log size of the newest attempt in bytes; 0 until it has ended'),
}
export const JobSummary = Type.Object(summaryOfJob, {
  $id: 'JobSummary',
  description: 'A job with the state of its newest attempt',
})
export const JobSummaryPage = page(JobSummary)

const Artifact = Type.Object({
  name: Type.String({ description: 'Path of the file below the directory of the project' }),
  bytes: count('Size in bytes'),
  sha256: Type.String(),
})

const Attempt = Type.Object({
  attempt: Type.String({ description: 'Name of the attempt: JOB.NUMBER' }),
  number: id('Number of the attempt; the first is 1'),
  purpose: oneOf(
    attemptPurposes,
    'confirm: the farm repeats a failure. retry: a person requested the attempt. lost: the attempt before was lost. probe: a bisection',
  ),
  state,
  verdict,
  failedStep,
  fingerprint: maybeText('Equal fingerprints mean the same failure; null: no failure, or not examined yet'),
  reason: maybeText('Reason for the end: one word of the agent or of the farm'),
  detail: maybeText('Explanation for people'),
  compiler: maybeText('First line of the compiler version, read by the host while the job ran'),
  queuedAt: moment('When the attempt was queued'),
  leasedAt: maybeMoment('When a host claimed the attempt'),
  startedAt: maybeMoment('When the first step started'),
  finishedAt: maybeMoment('When the attempt ended'),
  cancelRequestedAt: maybeMoment('When a person cancelled the attempt'),
  steps: list(StepEnd, 'The steps that have ended, in order'),
  logBytes: count('Log bytes that the farm has'),
  artifacts: list(Artifact, 'The files that the farm keeps, by name; empty until the attempt has ended'),
  artifactNote: maybeText('The files that were not uploaded, with the reason'),
  logExpired: maybe(Expired),
  logDamagedAt: maybeMoment(
    'When the farm found that the stored log differs from the log of the host; null: the farm found no difference',
  ),
  artifactsExpired: maybe(Expired),
})

const Recipe = Type.Object({
  project: Type.String(),
  variant: Type.String(),
  repository: Type.String(),
  path: maybeText('Directory of the project in the repository'),
  leaveOut: Type.Array(Type.String()),
  sources: Type.Array(RecipeSource),
  env: Type.Record(Type.String(), Type.String()),
  limits: Limits,
  steps: Type.Array(RecipeStep),
  artifacts: Type.Optional(artifactPatterns),
  ...recipeLists,
})

export const Job = Type.Object(
  {
    ...summaryOfJob,
    kind: oneOf(buildKinds, 'What its build builds; only jobs of the kind `branch` change cells'),
    branch: maybeText('Branch that was pushed'),
    tag: maybeText('Tag of a build of a tag'),
    subject: maybeText('First line of the commit message'),
    recipe: Recipe,
    preparedSources: list(ref(Source), 'The tarballs that the job unpacks; empty until the farm has prepared them'),
    lastGood: maybe(Milestone),
    attempts: list(Attempt, 'Newest attempt first'),
  },
  { $id: 'Job', description: 'A job with all its attempts and its exact recipe' },
)

export const CellSummary = Type.Object(
  {
    project: Type.String(),
    branch: Type.String({ description: 'Branch of the results' }),
    host: Type.String(),
    arch: Type.String(),
    variant: Type.String(),
    state: oneOf(cellStates, 'How the newest result compares with the results before it'),
    verdict: oneOf(verdicts, 'Newest result'),
    failedStep,
    fingerprint: maybeText('Equal for failures with the same first error; null until the farm has examined the log'),
    flaky: Type.Boolean({ description: 'Whether the results change too often, or one commit passed and failed' }),
    testsMissing,
    attempt: Type.String({ description: 'Attempt with the newest result: JOB.NUMBER' }),
    jobId: jobId('Number of its job'),
    buildId: id('Number of its build'),
    commit,
    finishedAt: moment('When the attempt ended'),
    since: Type.Object(
      {
        jobId: jobId('Number of the job'),
        buildId: id('Number of the build'),
        commit,
        at: moment('When the job ended'),
      },
      { description: 'First result of the present series of passes or failures' },
    ),
  },
  { $id: 'CellSummary', description: 'A cell of the matrix with its newest result' },
)

export const CellKey = Type.Object(
  {
    project: Type.String(),
    branch: Type.String({ description: 'Branch of the results' }),
    host: Type.String(),
    arch: Type.String(),
    variant: Type.String(),
  },
  { $id: 'CellKey', description: 'The name of a cell' },
)

export const Acknowledgement = Type.Object(
  {
    id: id('Number of the acknowledgement'),
    project: Type.String(),
    kind: oneOf(['cell', 'fingerprint'], 'fingerprint: the failure is known in every cell of the project'),
    fingerprint: maybeText('Fingerprint of the failure; null: it was not known'),
    branch: maybeText('Branch of the cell'),
    host: maybeText('Host of the cell'),
    arch: maybeText('Architecture of the cell'),
    variant: maybeText('Variant of the cell'),
    note: Type.String({ description: 'Why the failure is known' }),
    owner: Type.String({ description: 'Who takes care of the failure' }),
    link: maybeText('Address of a bug report'),
    createdAt: moment('When the failure was acknowledged'),
    expiresAt: moment('When the failure counts again'),
  },
  { $id: 'Acknowledgement', description: 'A failure that a person knows and takes care of' },
)
export const Acknowledgements = Type.Object(
  { items: list(ref(Acknowledgement), 'Newest first; at most 1,000') },
  { $id: 'Acknowledgements' },
)
export const Cancelled = Type.Object(
  { attempts: count('Number of attempts that ended at once or that a host will end; 0: nothing was cancelled') },
  { $id: 'Cancelled' },
)
export const Retried = Type.Object(
  { attempt: Type.String({ description: 'Name of the new attempt: JOB.NUMBER' }) },
  { $id: 'Retried' },
)

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'urn:rumpfarm:problem:KIND; docs/api.md lists the kinds' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What happened, and what to do next' }),
    instance: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          where: Type.String({ description: 'A JSON Pointer into the request: /body/ref' }),
          problem: Type.String(),
        }),
      ),
    ),
    known: Type.Optional(list(Type.String(), 'Existing names')),
  },
  { $id: 'Problem', description: 'RFC 9457, application/problem+json' },
)
