import Type, { type Static } from 'typebox'
import { BisectLimits, WrittenBisect } from './bisect-yaml.ts'
import { ProjectKeep, WrittenKeep } from './keep-yaml.ts'
import { Notify, NotifyRule } from './notify-yaml.ts'
import { ProjectPullRequests, WrittenPullRequests } from './pull-requests-yaml.ts'
import { ChangedPaths, SourceTrigger, WebhookSecrets } from './push-yaml.ts'
import { projectTimes, writtenTimes } from './schedule-yaml.ts'
import { OtherSource, SourceContents, WrittenContents, WrittenOtherSource } from './source-yaml.ts'
import { ProjectStatus, WrittenStatus } from './status-yaml.ts'
import { yamlDuration, yamlList, yamlMap, yamlText, yamlTextOr } from './yaml-schema.ts'

/**
 * The schemas of farm.yaml. `Written…` describes the file, and `Project…` describes the stored format with all
 * defaults. In `Written…` every scalar is text (YAML's failsafe schema,
 * https://yaml.org/spec/1.2.2/#101-failsafe-schema), so that `commit: 1234567`, `CI: true` and `version: 1.10` do not
 * change.
 */

/**
 * Names of projects, variants, sources and steps. They are safe as directories, in URLs, as arguments and in messages.
 */
export const namePattern = '^[A-Za-z0-9_+][A-Za-z0-9._+-]{0,63}$'
export const nameForm = 'a name: 1 to 64 of A-Z a-z 0-9 . _ + -, not beginning with . or -'
const envNamePattern = '^[A-Za-z_][A-Za-z0-9_]{0,127}$'
const envNameForm = "a variable's name: letters, digits and _, not beginning with a digit"
const sizePattern = '^[0-9]{1,9} ?(B|kB|MB|GB|KiB|MiB|GiB)$'
// A relative path that stays inside its root, does not begin with - like an option, and has no part that is empty or
// ".".
const pathPattern = '^(?!-)(?!.*(^|/)\\.{0,2}(/|$))[^\\x00-\\x1f\\x7f\\\\]{1,500}$'

const line = (description: string) => yamlText('^[^\\x00-\\x1f\\x7f]{1,500}$', description)
const path = (description: string) => yamlText(pathPattern, `${description}, without .., . or a leading / or -`)
const paths = yamlList(path('a path inside the repository'), 200, 'a list of paths inside the repository')
// Shell patterns. Apart from the wildcards, they contain only characters that an artifact's name can have in the agent
// protocol. So they contain no spaces, and no part begins with . or -.
const artifactPattern = '^(?!!)(?!.*\\*\\*)(?!.*(^|/)[.-])(?!/)(?!.*//)[A-Za-z0-9._+/*?[\\]!-]{1,200}$'
const filePattern = (example: string) =>
  yamlText(
    artifactPattern,
    `a path or pattern inside the project, such as ${example}, of A-Z a-z 0-9 . _ + - / * ? [ ], without **; no part may begin with . or -; a directory includes all its files`,
  )
const artifacts = yamlList(
  filePattern('dist/*.tar.gz'),
  50,
  'a list of paths or patterns such as [dist/*.tar.gz, reports]',
)
// The agent protocol separates these paths with blanks. A part that begins with - is an option for some programs.
const cachePattern = '^(?!.*(^|/)(-|\\.{0,2}(/|$)))[A-Za-z0-9._+/-]{1,200}$'
const cache = yamlList(
  yamlText(
    cachePattern,
    'a path inside the project, such as obj/tools, of A-Z a-z 0-9 . _ + - /, without .., . or a / at the start or the end; no part may begin with -',
  ),
  20,
  'a list of paths such as [obj/tools]',
)
const globs = (what: string) => yamlList(line(`a pattern such as ${what}`), 100, `a list of patterns such as [${what}]`)
const env = yamlMap(
  envNamePattern,
  envNameForm,
  yamlText('^[^\\x00-\\x1f\\x7f]{0,1000}$', 'one line of text without control characters'),
  100,
  'a map of environment variables',
)

const repository = yamlText(
  '^(?!-)[^\\x00-\\x20\\x7f]{1,1000}$',
  "the repository's URL, or its path (from farm.yaml's directory), without spaces and not beginning with -",
)
const ref = yamlText('^(?![-/.])(?!.*(\\.\\.|@\\{|//))[^\\x00-\\x20\\x7f~^:?*[\\\\]{1,200}$', "a branch's name")

const WrittenSource = Type.Object(
  {
    repository: Type.Optional(repository),
    branch: Type.Optional(ref),
    commit: Type.Optional(yamlText('^[0-9a-f]{7,64}$', 'a commit: 7 to 64 hexadecimal digits')),
    'commit-from': Type.Optional(path("a file of the project's repository that holds the commit")),
    'leave-out': Type.Optional(paths),
    trigger: Type.Optional(SourceTrigger),
    ...WrittenContents,
    ...WrittenOtherSource,
  },
  {
    additionalProperties: false,
    description: 'a source: a map with repository or tarball, and optional keys, such as branch',
  },
)

const WrittenLimits = Type.Object(
  {
    wall: Type.Optional(yamlDuration('80m')),
    silence: Type.Optional(yamlDuration('20m')),
    grace: Type.Optional(yamlDuration('5s')),
    log: Type.Optional(yamlText(sizePattern, 'a size with its unit, such as 100 MB')),
    artifacts: Type.Optional(yamlText(sizePattern, 'a size with its unit, such as 100 MB')),
    'lost-after': Type.Optional(yamlDuration('10m')),
    attempts: Type.Optional(yamlText('^([1-9]|10)$', 'a number from 1 to 10')),
  },
  { additionalProperties: false, description: 'a map of limits, such as wall: 80m' },
)

const WrittenVariant = Type.Object(
  { env: Type.Optional(env), hosts: Type.Optional(globs("'*'")), arches: Type.Optional(globs("'*'")) },
  { additionalProperties: false, description: 'a variant: a map with env, hosts or arches' },
)

// The only allowed control characters are tab and newline. A terminal interprets the others, and no shell can read NUL.
const shellText = yamlText('^[^\\x00-\\x08\\x0b-\\x1f\\x7f]+$', 'shell text without control characters')

// The server checks that these are patterns of RE2, whose time is linear in the length of the text.
const linePatterns = (example: string) =>
  yamlList(
    yamlText('^[^\\x00-\\x08\\x0a-\\x1f\\x7f]{1,200}$', `a pattern of at most 200 characters, such as '${example}'`),
    20,
    `a list of patterns such as ['${example}']`,
  )

const WrittenKnownFailure = Type.Object(
  {
    because: line('one line of text: why it fails'),
    hosts: Type.Optional(globs("'*'")),
    arches: Type.Optional(globs("'*'")),
    variants: Type.Optional(globs("'*'")),
    step: Type.Optional(yamlText(namePattern, "a step's name")),
  },
  { additionalProperties: false, description: 'a known failure: a map with because and optional keys, such as hosts' },
)

const words = (example: string) =>
  yamlList(line(`a word such as ${example}`), 20, `a list of words such as [${example}]`)

/** Files of JUnit XML or TAP, or the log of a step. */
const WrittenResults = yamlTextOr(
  filePattern('reports/*.xml'),
  Type.Object(
    {
      junit: Type.Optional(filePattern('reports/*.xml')),
      tap: Type.Optional(filePattern('reports/*.tap')),
      step: Type.Optional(yamlText(namePattern, "a step's name")),
      pattern: Type.Optional(
        yamlText(
          '^[^\\x00-\\x1f\\x7f]{1,1000}$',
          'a regular expression with a group (?<name>…), such as ^(?<name>.+): (?<result>ok|failed)$',
        ),
      ),
      passed: Type.Optional(words('done')),
      failed: Type.Optional(words('broken')),
      skipped: Type.Optional(words('no device')),
    },
    { additionalProperties: false, description: 'a map with junit, tap or step' },
  ),
  'test results: a path or pattern such as reports/*.xml, or a map with junit, tap or step',
)

const WrittenStep = yamlMap(namePattern, nameForm, shellText, 1, 'a step, such as  build: make -j"$FARM_JOBS"', 1)

export const WrittenProject = Type.Object(
  {
    title: Type.Optional(line('one line of text')),
    repository,
    path: Type.Optional(path('a directory of the repository')),
    branches: Type.Optional(globs('main')),
    tags: Type.Optional(globs("'v*'")),
    paths: Type.Optional(ChangedPaths),
    'paths-ignore': Type.Optional(ChangedPaths),
    'webhook-secrets': Type.Optional(WebhookSecrets),
    ...writtenTimes,
    'leave-out': Type.Optional(paths),
    ...WrittenContents,
    sources: Type.Optional(yamlMap(namePattern, nameForm, WrittenSource, 8, 'a map of further sources')),
    hosts: Type.Optional(globs("'*'")),
    arches: Type.Optional(globs("'*'")),
    env: Type.Optional(env),
    limits: Type.Optional(WrittenLimits),
    variants: Type.Optional(yamlMap(namePattern, nameForm, WrittenVariant, 32, 'a map of variants', 1)),
    steps: yamlList(WrittenStep, 64, 'a list of at least one step, such as  - build: make', 1),
    artifacts: Type.Optional(artifacts),
    cache: Type.Optional(cache),
    errors: Type.Optional(linePatterns('^>> ERROR: ')),
    ignore: Type.Optional(linePatterns('^probe: error')),
    'build-each-branch': Type.Optional(yamlText('^(true|false)$', 'true or false')),
    confirm: Type.Optional(yamlText('^[0-3]$', 'a number from 0 to 3')),
    results: Type.Optional(yamlList(WrittenResults, 20, 'a list of files with test results, such as [reports/*.xml]')),
    bisect: Type.Optional(WrittenBisect),
    coalesce: Type.Optional(yamlText('^(true|false)$', 'true or false')),
    'cancel-superseded': Type.Optional(yamlText('^(true|false)$', 'true or false')),
    'jobs-at-once': Type.Optional(yamlText('^[1-9][0-9]{0,3}$', 'a number from 1 to 9999')),
    status: Type.Optional(yamlList(WrittenStatus, 4, 'a list of forges, such as  - forge: github')),
    notify: Type.Optional(Notify),
    'pull-requests': Type.Optional(WrittenPullRequests),
    'known-failures': Type.Optional(yamlList(WrittenKnownFailure, 100, 'a list of known failures')),
    keep: Type.Optional(WrittenKeep),
  },
  { additionalProperties: false, description: 'a project: a map with repository and steps' },
)
export type WrittenProject = Static<typeof WrittenProject>

export const FarmYaml = Type.Object(
  {
    projects: yamlMap(namePattern, nameForm, WrittenProject, 200, 'a map of projects by name'),
    notify: Type.Optional(Notify),
    'notify-after': Type.Optional(yamlDuration('60s')),
    keep: Type.Optional(WrittenKeep),
  },
  { additionalProperties: false, description: 'a map with the key projects' },
)
export type FarmYaml = Static<typeof FarmYaml>

export interface FarmWide {
  notify: NotifyRule[]
  /** How long the farm waits before it sends a message, so that one message names all cells of a problem. */
  notifyAfterSeconds: number
}
export const notifyAfterDefault = 60

const Texts = Type.Array(Type.String())
const Env = Type.Record(Type.String(), Type.String())

export const ProjectSource = Type.Object({
  name: Type.String(),
  /** A URL or an absolute path. */
  repository: Type.String(),
  /** At most one of branch, commit and commitFrom is set. Default: the newest commit of the default branch. */
  branch: Type.Optional(Type.String()),
  commit: Type.Optional(Type.String()),
  commitFrom: Type.Optional(Type.String()),
  leaveOut: Texts,
  /** Whether a push to the source's branch builds the project. Absent means no. */
  trigger: Type.Optional(Type.Boolean()),
  ...SourceContents,
  ...OtherSource,
})
export type ProjectSource = Static<typeof ProjectSource>

export const ProjectLimits = Type.Object({
  wallSeconds: Type.Integer({ minimum: 1 }),
  silenceSeconds: Type.Integer({ minimum: 1 }),
  /** The time between SIGTERM and SIGKILL. */
  graceSeconds: Type.Integer({ minimum: 1 }),
  logBytes: Type.Integer({ minimum: 1, maximum: 999_999_999 }),
  /** The limit for all artifacts of an attempt together. */
  artifactBytes: Type.Integer({ minimum: 1, maximum: 999_999_999 }),
  /** If a host is silent, its job is lost this long after the end of the lease. */
  lostAfterSeconds: Type.Integer({ minimum: 1 }),
  /** The maximum number of attempts of a lost job, including the first. */
  attempts: Type.Integer({ minimum: 1, maximum: 10 }),
})
export type ProjectLimits = Static<typeof ProjectLimits>

export const ProjectVariant = Type.Object({ env: Env, hosts: Texts, arches: Texts })
export type ProjectVariant = Static<typeof ProjectVariant>

/** Cells that are known to fail, and the reason. If `step` is absent, a failure at any step counts as known. */
export const KnownFailure = Type.Object({
  because: Type.String(),
  hosts: Texts,
  arches: Texts,
  variants: Texts,
  step: Type.Optional(Type.String()),
})
export type KnownFailure = Static<typeof KnownFailure>

/** Where the results of single tests are. Exactly one of files and step is set. */
export const ProjectResults = Type.Object({
  /** A path or a pattern, relative to the directory in which the steps run. */
  files: Type.Optional(Type.String()),
  /** The format of the files. Absent: the farm looks at their first bytes. */
  format: Type.Optional(Type.Union([Type.Literal('junit'), Type.Literal('tap')])),
  /** The step whose log holds the results: TAP, or lines for the pattern. */
  step: Type.Optional(Type.String()),
  /** RE2 with the named groups name, result, suite, message, seconds, file and line. */
  pattern: Type.Optional(Type.String()),
  /** What the group `result` can say, in addition to the usual words. */
  passed: Type.Optional(Texts),
  failed: Type.Optional(Texts),
  skipped: Type.Optional(Texts),
})
export type ProjectResults = Static<typeof ProjectResults>

/** A project with every default filled in. */
export const ProjectConfig = Type.Object({
  name: Type.String({ pattern: namePattern }),
  title: Type.Optional(Type.String()),
  repository: Type.String(),
  /** The project's directory in the repository. It is the root of the tarball. */
  path: Type.Optional(Type.String()),
  branches: Texts,
  /** Patterns of the tags that the farm builds. Absent if it builds none. */
  tags: Type.Optional(Texts),
  /** A push builds the project only if it changes one of these files. Absent means any file. */
  paths: Type.Optional(Texts),
  /** Changes of these files alone do not build the project. */
  pathsIgnore: Type.Optional(Texts),
  /** The names of the variables with the project's own webhook secrets, without `$`. Absent: the farm's secrets. */
  webhookSecrets: Type.Optional(Texts),
  ...projectTimes,
  leaveOut: Texts,
  ...SourceContents,
  sources: Type.Array(ProjectSource),
  hosts: Texts,
  arches: Texts,
  env: Env,
  limits: ProjectLimits,
  variants: Type.Record(Type.String(), ProjectVariant),
  steps: Type.Array(Type.Object({ name: Type.String(), run: Type.String() }), { minItems: 1 }),
  /** Paths and patterns of the files to upload, relative to the directory in which the steps run. */
  artifacts: Texts,
  /**
   * Paths that a host keeps from one job to the next, relative to the directory in which the steps run. Absent if the
   * project has no cache.
   */
  cache: Type.Optional(Texts),
  /** Patterns of the lines of a log that are errors, and of those that are none. Absent if there are none. */
  errors: Type.Optional(Texts),
  ignore: Type.Optional(Texts),
  /** Whether the farm builds a commit once for each branch that is pushed with it. Absent means no. */
  buildEachBranch: Type.Optional(Type.Boolean()),
  /** Absent if the project reports no single tests. */
  results: Type.Optional(Type.Array(ProjectResults)),
  /** How many further attempts must fail in the same way before a failure counts as new. Absent if it is the default. */
  confirm: Type.Optional(Type.Integer({ minimum: 0, maximum: 3 })),
  /**
   * The limits of bisections. Absent if the farm starts no bisections itself; a person can still start one, with the
   * default limits.
   */
  bisect: Type.Optional(BisectLimits),
  /** Whether only the newest of the waiting builds of a cell and branch runs. Absent: on slow hosts. */
  coalesce: Type.Optional(Type.Boolean()),
  /** Whether the farm cancels a running job if a newer build of its cell and branch can run. Absent means no. */
  cancelSuperseded: Type.Optional(Type.Boolean()),
  /** How many jobs of the project run at the same time on all hosts. Absent: as many as the hosts have slots. */
  jobsAtOnce: Type.Optional(Type.Integer({ minimum: 1, maximum: 9999 })),
  /** Absent if the farm sends no status. */
  status: Type.Optional(Type.Array(ProjectStatus)),
  /** The channels that receive messages about the project. Absent if the project names none. */
  notify: Type.Optional(Type.Array(NotifyRule)),
  /** Absent if the project builds no pull requests. */
  pullRequests: Type.Optional(ProjectPullRequests),
  /** For each cell, the farm uses the first entry that matches. Absent if the project has no known failures. */
  knownFailures: Type.Optional(Type.Array(KnownFailure)),
  /** Absent if the farm keeps everything. */
  keep: Type.Optional(ProjectKeep),
})
export type ProjectConfig = Static<typeof ProjectConfig>

export const defaultLimits: ProjectLimits = {
  wallSeconds: 3600,
  silenceSeconds: 1200,
  graceSeconds: 5,
  logBytes: 100_000_000,
  artifactBytes: 100_000_000,
  lostAfterSeconds: 600,
  attempts: 3,
}
/** By default, the farm repeats a new failure once before it counts as new. */
export const confirmDefault = 1
export const defaultBranches = ['main', 'master']
/** The name of the only variant of a project without variants in farm.yaml. */
export const defaultVariant = 'default'
