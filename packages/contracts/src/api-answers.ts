import Type from 'typebox'
import { count, id, list, maybe, maybeMoment, maybeOneOf, maybeText, moment, oneOf, page, ref } from './api-formats.ts'
import { commit, failedStep, Milestone, state } from './api-matrix.ts'
import { attemptStates, verdicts } from './attempts.ts'

/** The answers of the API, /api/v1. The farm's values have this form already; a member that is not listed here is not sent. */

const verdict = maybeOneOf(verdicts, 'How it ended; null until it has ended')

export const Source = Type.Object(
  {
    name: Type.String(),
    repository: Type.String(),
    commit,
    path: maybeText('Directory of the repository that the job unpacks; null: all of it'),
    leaveOut: list(Type.String(), 'Paths that are not in the tarball'),
    bytes: count('Size of the tarball in bytes'),
    sha256: Type.String(),
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
  logBytes: count('Maximum size of its log'),
  artifactBytes: Type.Optional(
    count('Maximum size of all its artifacts together; absent: the farm had no artifacts then'),
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
  leaveOut: Type.Array(Type.String()),
})

const artifactPatterns = list(Type.String(), 'Paths and patterns of the files that the farm keeps')

const RecipeStep = Type.Object({ name: Type.String(), run: Type.String({ description: 'Shell commands' }) })

export const Project = Type.Object(
  {
    name: Type.String(),
    title: Type.Optional(Type.String()),
    repository: Type.String({ description: 'Address of the repository, without passwords' }),
    path: Type.Optional(Type.String()),
    branches: list(Type.String(), 'Patterns of the branches whose pushes the farm builds'),
    leaveOut: Type.Array(Type.String()),
    sources: Type.Array(RecipeSource),
    hosts: list(Type.String(), 'Patterns of host names'),
    arches: list(Type.String(), 'Patterns of arch names'),
    env: Type.Record(Type.String(), Type.String()),
    limits: Limits,
    variants: Type.Record(Type.String(), Variant),
    steps: Type.Array(RecipeStep),
    artifacts: Type.Optional(artifactPatterns),
  },
  { $id: 'Project', description: 'A project of farm.yaml, with all defaults' },
)
export const ProjectPage = page(Project)

const OwnerRule = Type.Object({
  verb: oneOf(['allow', 'deny'], 'deny has priority over allow'),
  project: Type.String({ description: 'Pattern of project names. * matches any text, ? one character' }),
  branches: list(Type.String(), 'Patterns of branches; empty: all branches'),
})

export const Host = Type.Object(
  {
    name: Type.String(),
    system: Type.String({ description: 'Output of uname' }),
    presence: oneOf(
      ['online', 'away', 'silent', 'paused'],
      'away: the agent has stopped normally. silent: no message for almost two minutes, and the agent has not stopped normally',
    ),
    lastSeenAt: moment('Time of its last message'),
    silentSince: maybeMoment('Time of its last message, if the host is silent'),
    alerted: Type.Boolean({ description: 'Whether the farm sends alerts when the host becomes silent' }),
    awaySince: maybeMoment('When the agent stopped normally'),
    enrolledAt: moment('When the host was enrolled'),
    pausedAt: maybeMoment('When an administrator paused the host'),
    refusal: maybeText('Why it takes no jobs now: the reason of the farm, or else of the host'),
    diskFreeMb: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'Free disk space in MB, as the host reported it last',
    }),
    agentVersion: Type.String(),
    agentOffered: maybeText('Agent version that the farm offers to it; null: it has that version'),
    updateFailed: maybeText('Agent version to which its last update failed, and the reason'),
    slots: count('Number of jobs that it runs at the same time'),
    facts: Type.Record(Type.String(), Type.String(), {
      description: 'Host facts: what the agent reports about the machine',
    }),
    arches: Type.Array(
      Type.Object({
        arch: Type.String(),
        kind: oneOf(['native', 'cross'], 'native: on this arch itself. cross: with a cross compiler'),
        compiler: Type.String(),
        unable: maybeText('Why it cannot build for this arch now: its compiler or its runner does not work'),
      }),
    ),
    rules: list(OwnerRule, 'Rules of its owner about what may run there; empty: everything may run'),
  },
  { $id: 'Host', description: 'A machine that runs jobs' },
)
export const HostPage = page(Host)

const StepEnd = Type.Object({
  name: Type.String(),
  exit: count('Exit code; 128 + N for signal N'),
  milliseconds: count('Duration'),
  logBytes: count('Length of the log at the end of the step'),
})

const summaryOfJob = {
  id: id('Number of the job'),
  buildId: id('Number of its build'),
  project: Type.String(),
  commit,
  host: Type.String(),
  arch: Type.String(),
  variant: Type.String(),
  attempt: Type.String({ description: 'Name of the newest attempt: JOB.NUMBER' }),
  state,
  verdict,
  failedStep,
  queuedAt: moment('When the newest attempt was queued'),
  startedAt: maybeMoment('When its first step started'),
  finishedAt: maybeMoment('When it ended'),
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
  state,
  verdict,
  failedStep,
  reason: maybeText('Why it ended, as the agent reports it'),
  detail: maybeText('Explanation for people'),
  compiler: maybeText('First line of the compiler version, read by the host while the job ran'),
  queuedAt: moment('When it was queued'),
  leasedAt: maybeMoment('When a host claimed it'),
  startedAt: maybeMoment('When its first step started'),
  finishedAt: maybeMoment('When it ended'),
  cancelRequestedAt: maybeMoment('When a person cancelled it'),
  steps: list(StepEnd, 'The steps that have ended, in order'),
  logBytes: count('Log bytes that the farm has'),
  artifacts: list(Artifact, 'The files that the farm keeps, by name; empty until it has ended'),
  artifactNote: maybeText('Which files were not uploaded, and why'),
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
})

export const Job = Type.Object(
  {
    ...summaryOfJob,
    branch: maybeText('Branch that was pushed'),
    subject: maybeText('First line of the commit message'),
    recipe: Recipe,
    preparedSources: list(ref(Source), 'The tarballs that it unpacks; empty until the farm has prepared them'),
    lastGood: maybe(Milestone),
    attempts: list(Attempt, 'Newest attempt first'),
  },
  { $id: 'Job', description: 'A job with all its attempts and its exact recipe' },
)

const countedStates = [...attemptStates.filter(state => state !== 'finished'), ...verdicts]
const summaryOfBuild = {
  id: id('Number of the build'),
  project: Type.String(),
  commit,
  branch: maybeText('Branch that was pushed'),
  subject: maybeText('First line of the commit message'),
  author: maybeText('Author of the commit'),
  createdAt: moment('When the build was created'),
  sources: oneOf(['pending', 'ready', 'failed'], 'State of its tarballs'),
  problem: maybeText('Why its sources cannot be prepared: the message of git'),
  counts: Type.Object(Object.fromEntries(countedStates.map(name => [name, Type.Optional(Type.Integer())])), {
    description: 'Number of its jobs by state, or by verdict if they have ended',
  }),
}
export const BuildSummary = Type.Object(summaryOfBuild, {
  $id: 'BuildSummary',
  description: 'A build: one project at one commit',
})
export const BuildSummaryPage = page(BuildSummary)

export const Build = Type.Object(
  {
    ...summaryOfBuild,
    preparedSources: list(ref(Source), 'Its tarballs; empty until the farm has prepared them'),
    pushes: list(
      Type.Object({
        source: Type.String({ description: 'Origin of the push: github, webhook, api, …' }),
        branch: maybeText('Branch of the push'),
        receivedAt: moment('When the farm received it'),
      }),
      'The pushes that triggered it',
    ),
    jobs: list(ref(JobSummary), 'Oldest job first'),
  },
  { $id: 'Build', description: 'A build with its jobs' },
)

export const TriggeredBuild = Type.Object(
  {
    id: id('Number of the build'),
    url: Type.String({ description: 'Address of its page' }),
    project: Type.String(),
    commit,
    created: Type.Boolean({ description: 'false: the build existed already' }),
    jobsAdded: count('Number of new jobs'),
    problem: maybeText('Why the commit could not be checked; the build checks it again'),
  },
  { $id: 'TriggeredBuild' },
)

export const Invitation = Type.Object(
  {
    token: Type.String(),
    line: Type.String({ description: 'Command to run once on the host' }),
    signedLine: maybeText('Command for a host without TLS 1.2; null: this farm accepts no signed requests'),
    expiresAt: moment('End of its validity'),
  },
  { $id: 'Invitation' },
)
export const Alert = Type.Object(
  { secret: Type.String({ description: 'Secret that signs the alerts (Standard Webhooks); it is not shown again' }) },
  { $id: 'Alert' },
)
export const LoginLink = Type.Object(
  { url: Type.String({ description: 'Address that works once' }), expiresAt: moment('End of its validity') },
  { $id: 'LoginLink' },
)
export const Token = Type.Object(
  {
    name: Type.String(),
    scope: oneOf(['admin', 'trigger'], 'Permission of the token'),
    token: Type.String({ description: 'The token; it is not shown again' }),
  },
  { $id: 'Token' },
)
export const TokenView = Type.Object(
  {
    name: Type.String(),
    scope: oneOf(['admin', 'trigger'], 'Permission of the token'),
    createdAt: moment('When it was created'),
    lastUsedAt: maybeMoment('Time of its last use, to the minute; null: never used'),
    revokedAt: maybeMoment('When it was revoked; null: it is valid'),
  },
  { $id: 'TokenView', description: 'Name and permission of a token, without the token itself' },
)
export const TokenPage = page(TokenView)
export const Cancelled = Type.Object(
  { attempts: count('Number of attempts that ended at once or that a host will end; 0: there was nothing to cancel') },
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
