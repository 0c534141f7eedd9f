import Type from 'typebox'
import { count, id, list, maybe, maybeMoment, maybeOneOf, maybeText, moment, oneOf, page, ref } from './api-formats.ts'
import { attemptStates, verdicts } from './attempts.ts'

/** What the results API answers: /api/v1. The farm's values fit as they are; what is not named here is not sent. */

const commit = Type.String({ description: 'The full commit' })
const state = oneOf(attemptStates, 'What the newest attempt is doing; waiting: its sources are being prepared')
const verdict = maybeOneOf(verdicts, 'How it ended; null while it has not')
const failedStep = maybeText('The step it failed at')

export const Source = Type.Object(
  {
    name: Type.String(),
    repository: Type.String(),
    commit,
    path: maybeText('The directory of the repository that is unpacked; null for all of it'),
    leaveOut: list(Type.String(), 'Paths that are left out'),
    bytes: count("The tarball's size"),
    sha256: Type.String(),
  },
  { $id: 'Source', description: 'A tarball that a job unpacks' },
)

const Variant = Type.Object({
  env: Type.Record(Type.String(), Type.String()),
  hosts: list(Type.String(), 'Patterns of hosts'),
  arches: list(Type.String(), 'Patterns of arches'),
})

const Limits = Type.Object({
  wallSeconds: count('How long a job may take'),
  silenceSeconds: count('How long it may say nothing'),
  graceSeconds: count('Between TERM and KILL'),
  logBytes: count('How long its log may grow'),
  artifactBytes: Type.Optional(count('How many bytes its artifacts may have together; absent: its farm had none')),
  lostAfterSeconds: count('How long a silent host is waited for after its lease ran out'),
  attempts: count('How often a lost job is tried'),
})

const RecipeSource = Type.Object({
  name: Type.String(),
  repository: Type.String(),
  branch: Type.Optional(Type.String()),
  commit: Type.Optional(Type.String()),
  commitFrom: Type.Optional(Type.String()),
  leaveOut: Type.Array(Type.String()),
})

const artifactPatterns = list(Type.String(), 'Paths and patterns of the files that are kept')

const RecipeStep = Type.Object({ name: Type.String(), run: Type.String({ description: 'Shell text' }) })

export const Project = Type.Object(
  {
    name: Type.String(),
    title: Type.Optional(Type.String()),
    repository: Type.String({ description: 'Without passwords' }),
    path: Type.Optional(Type.String()),
    branches: list(Type.String(), 'Patterns of the branches whose pushes are built'),
    leaveOut: Type.Array(Type.String()),
    sources: Type.Array(RecipeSource),
    hosts: list(Type.String(), 'Patterns of hosts'),
    arches: list(Type.String(), 'Patterns of arches'),
    env: Type.Record(Type.String(), Type.String()),
    limits: Limits,
    variants: Type.Record(Type.String(), Variant),
    steps: Type.Array(RecipeStep),
    artifacts: Type.Optional(artifactPatterns),
  },
  { $id: 'Project', description: 'A project as farm.yaml has it, with every default filled in' },
)
export const ProjectPage = page(Project)

const OwnerRule = Type.Object({
  verb: oneOf(['allow', 'deny'], 'A deny counts more'),
  project: Type.String({ description: 'A pattern of names; * and ? stand for anything' }),
  branches: list(Type.String(), 'Patterns of branches; none: all of them'),
})

export const Host = Type.Object(
  {
    name: Type.String(),
    system: Type.String({ description: 'What uname says' }),
    presence: oneOf(
      ['online', 'away', 'silent', 'paused'],
      'away: it stopped in order; silent: not heard for almost two minutes, without a word before',
    ),
    lastSeenAt: moment('When it was heard last'),
    silentSince: maybeMoment('When it was heard last, if it fell silent'),
    alerted: Type.Boolean({ description: 'Whether somebody is told when it falls silent' }),
    awaySince: maybeMoment('When it stopped in order'),
    enrolledAt: moment('When it joined the farm'),
    pausedAt: maybeMoment('When an administrator paused it'),
    refusal: maybeText("Why it takes no work now: the farm's reason, else the host's own words"),
    diskFreeMb: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'As it said last' }),
    agentVersion: Type.String(),
    agentOffered: maybeText('The agent that the farm offers to it; null: it has that one'),
    updateFailed: maybeText('The version that it tried to update to in vain, and why'),
    slots: count('How many jobs it runs at once'),
    facts: Type.Record(Type.String(), Type.String(), { description: 'What it says of itself' }),
    arches: Type.Array(
      Type.Object({
        arch: Type.String(),
        kind: oneOf(['native', 'cross'], 'How it builds for it'),
        compiler: Type.String(),
        unable: maybeText('Why it cannot build for it now: its compiler or its runner does not work'),
      }),
    ),
    rules: list(OwnerRule, 'What its owner lets the farm run there; none: everything'),
  },
  { $id: 'Host', description: 'A registered machine' },
)
export const HostPage = page(Host)

const StepEnd = Type.Object({
  name: Type.String(),
  exit: count('128 + N for signal N'),
  milliseconds: count('How long it took'),
  logBytes: count("The log's length when it ended"),
})

const summaryOfJob = {
  id: id('The job'),
  buildId: id('Its build'),
  project: Type.String(),
  commit,
  host: Type.String(),
  arch: Type.String(),
  variant: Type.String(),
  attempt: Type.String({ description: 'The newest attempt: JOB.NUMBER' }),
  state,
  verdict,
  failedStep,
  queuedAt: moment('When the newest attempt was queued'),
  startedAt: maybeMoment('When its first step began'),
  finishedAt: maybeMoment('When it ended'),
  steps: list(StepEnd, 'The ended steps, in order'),
  logBytes: count('Bytes of log of the newest attempt; 0 until it has ended'),
}
export const JobSummary = Type.Object(summaryOfJob, { $id: 'JobSummary', description: 'A job, by its newest attempt' })
export const JobSummaryPage = page(JobSummary)

const Artifact = Type.Object({
  name: Type.String({ description: "Its path, from the project's directory" }),
  bytes: count('Its size'),
  sha256: Type.String(),
})

const Attempt = Type.Object({
  attempt: Type.String({ description: 'JOB.NUMBER' }),
  number: id('Counted from 1'),
  state,
  verdict,
  failedStep,
  reason: maybeText("The agent's word for why it ended"),
  detail: maybeText('What a person should know of it'),
  compiler: maybeText("The compiler's first version line, as the host found it while the job ran"),
  queuedAt: moment('When it was queued'),
  leasedAt: maybeMoment('When a host took it'),
  startedAt: maybeMoment('When its first step began'),
  finishedAt: maybeMoment('When it ended'),
  cancelRequestedAt: maybeMoment('When somebody cancelled it'),
  steps: list(StepEnd, 'The ended steps, in order'),
  logBytes: count('Bytes of log that the farm holds'),
  artifacts: list(Artifact, 'The files that were kept, by name; none before it has ended'),
  artifactNote: maybeText('Which files were not kept, and why'),
})

const Milestone = Type.Object({ buildId: id('The build'), commit, at: moment('When it ended') })

const Recipe = Type.Object({
  project: Type.String(),
  variant: Type.String(),
  repository: Type.String(),
  path: maybeText('The directory of the repository that is the project'),
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
    branch: maybeText('The branch that was pushed'),
    subject: maybeText("First line of the commit's message"),
    recipe: Recipe,
    preparedSources: list(ref(Source), 'What it unpacks; empty until the farm has prepared it'),
    lastGood: maybe(Milestone),
    attempts: list(Attempt, 'Newest first'),
  },
  { $id: 'Job', description: 'A job with all its attempts and the exact recipe it ran with' },
)

const countsByWord = [...attemptStates.filter(word => word !== 'finished'), ...verdicts]
const summaryOfBuild = {
  id: id('The build'),
  project: Type.String(),
  commit,
  branch: maybeText('The branch that was pushed'),
  subject: maybeText("First line of the commit's message"),
  author: maybeText('Who wrote the commit'),
  createdAt: moment('When it was asked for'),
  sources: oneOf(['pending', 'ready', 'failed'], 'Whether its tarballs are prepared'),
  problem: maybeText("Why its sources cannot be had: git's message"),
  counts: Type.Object(Object.fromEntries(countsByWord.map(word => [word, Type.Optional(Type.Integer())])), {
    description: 'How many of its jobs are in each state or, if ended, of each verdict',
  }),
}
export const BuildSummary = Type.Object(summaryOfBuild, {
  $id: 'BuildSummary',
  description: 'One project at one commit',
})
export const BuildSummaryPage = page(BuildSummary)

export const Build = Type.Object(
  {
    ...summaryOfBuild,
    preparedSources: list(ref(Source), 'Empty until they are prepared'),
    pushes: list(
      Type.Object({
        source: Type.String({ description: 'github, webhook, api, …' }),
        branch: maybeText('The branch it named'),
        receivedAt: moment('When'),
      }),
      'Who asked for it',
    ),
    jobs: list(ref(JobSummary), 'Oldest first'),
  },
  { $id: 'Build', description: 'A build with its jobs' },
)

export const TriggeredBuild = Type.Object(
  {
    id: id('The build'),
    url: Type.String({ description: 'Its page' }),
    project: Type.String(),
    commit,
    created: Type.Boolean({ description: 'false: it existed before' }),
    jobsAdded: count('Jobs that are new'),
    problem: maybeText('The commit could not be looked at now; the build tries, and tells'),
  },
  { $id: 'TriggeredBuild' },
)

export const Invitation = Type.Object(
  {
    token: Type.String(),
    line: Type.String({ description: 'To be run once on the host' }),
    signedLine: maybeText('The same for a host without TLS 1.2; null: this farm takes no signed requests'),
    expiresAt: moment('Until when'),
  },
  { $id: 'Invitation' },
)
export const Alert = Type.Object(
  { secret: Type.String({ description: 'Signs the messages (Standard Webhooks); shown only now' }) },
  { $id: 'Alert' },
)
export const LoginLink = Type.Object(
  { url: Type.String({ description: 'Works once' }), expiresAt: moment('Until when') },
  { $id: 'LoginLink' },
)
export const Token = Type.Object(
  {
    name: Type.String(),
    scope: oneOf(['admin', 'trigger'], 'What it may do'),
    token: Type.String({ description: 'Shown only now' }),
  },
  { $id: 'Token' },
)
export const TokenView = Type.Object(
  {
    name: Type.String(),
    scope: oneOf(['admin', 'trigger'], 'What it may do'),
    createdAt: moment('When it was made'),
    lastUsedAt: maybeMoment('When it was used last, to the minute; null: never'),
    revokedAt: maybeMoment('When it was made useless; null: it works'),
  },
  { $id: 'TokenView', description: 'A token, without the token itself' },
)
export const TokenPage = page(TokenView)
export const Cancelled = Type.Object(
  { attempts: count('Attempts that ended at once, or whose hosts were told; 0: there was nothing to cancel') },
  { $id: 'Cancelled' },
)
export const Retried = Type.Object(
  { attempt: Type.String({ description: 'The new attempt: JOB.NUMBER' }) },
  { $id: 'Retried' },
)

const Cell = Type.Object({
  host: Type.String(),
  arch: Type.String(),
  project: Type.String(),
  branch: Type.String({ description: 'The branch whose results it shows' }),
  variant: Type.String(),
  last: maybe(
    Type.Object({
      jobId: id('The job'),
      buildId: id('Its build'),
      commit,
      verdict: oneOf(verdicts, 'How it ended'),
      failedStep,
      finishedAt: moment('When it ended'),
      since: Milestone,
      changed: maybe(Milestone),
      lastGood: maybe(Milestone),
    }),
  ),
  active: maybe(
    Type.Object({
      jobId: id('The job'),
      attempt: Type.String({ description: 'JOB.NUMBER' }),
      buildId: id('Its build'),
      state,
      step: maybeText('The step it is at'),
      since: moment('Since when'),
    }),
  ),
  prevented: maybeText(
    "Why nothing new runs here: not allowed by the host's owner, or the host cannot build for the arch",
  ),
  known: maybeText('Why its failure is no news, as farm.yaml says; of a cell that passed: why it was to fail'),
  alike: Type.Object(
    {
      cells: count('How many of these ended with the same verdict at the same step'),
      of: count('How many of the other cells have their result at the same commit'),
      notYet: count('How many of the other cells have no result of this commit or a newer one yet'),
    },
    { description: "The project's other cells at this commit: does it fail only here, or everywhere?" },
  ),
})

export const Matrix = Type.Object(
  {
    at: moment('When it was drawn'),
    projects: Type.Array(Type.String()),
    branches: Type.Array(
      Type.Object({
        project: Type.String(),
        shown: Type.String({ description: 'The branch of its cells' }),
        built: Type.Array(Type.String(), { description: 'Branches that were built, the last pushed first' }),
      }),
    ),
    arches: Type.Array(Type.String()),
    hosts: Type.Array(
      Type.Object({
        name: Type.String(),
        system: Type.String(),
        presence: Type.String(),
        lastSeenAt: moment('When it was heard last'),
        refusal: maybeText('Why it takes no work now'),
        arches: Type.Array(
          Type.Object({
            arch: Type.String(),
            kind: Type.String(),
            compiler: Type.String(),
            unable: maybeText('Why the host cannot build for it now'),
          }),
        ),
      }),
    ),
    cells: list(Cell, 'Every expected cell; last is null where nothing ended yet'),
  },
  { $id: 'Matrix', description: 'Newest result of a branch of every project, by variant, host and arch' },
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
    known: Type.Optional(list(Type.String(), 'The names there are')),
  },
  { $id: 'Problem', description: 'RFC 9457, application/problem+json' },
)
