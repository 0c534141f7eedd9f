import { isAbsolute, resolve } from 'node:path'
import {
  type BisectLimits,
  defaultBisect,
  defaultBranches,
  defaultLimits,
  defaultVariant,
  type FarmWide,
  type FarmYaml,
  type KnownFailure,
  notifyAfterDefault,
  type ProjectConfig,
  type ProjectLimits,
  type ProjectResults,
  type ProjectSource,
  type WrittenProject,
} from '@rumpfarm/contracts'
import { readDuration, readPoll } from './durations.rule.ts'
import { fillInKeep } from './farm-yaml-keep.rule.ts'
import { fillInNotify } from './farm-yaml-notify.rule.ts'
import { fillInPullRequests } from './farm-yaml-pull-requests.rule.ts'
import { fillInPush } from './farm-yaml-push.rule.ts'
import { fillInSchedule } from './farm-yaml-schedules.rule.ts'
import { fillInContents, fillInTarball } from './farm-yaml-sources.rule.ts'
import { fillInStatus } from './farm-yaml-status.rule.ts'

const bytesOf = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** The bytes of a size such as `100 MB` or `64 KiB`. */
export function readSize(text: string): number {
  const [, count, unit] = /^(\d+) ?(\w+)$/.exec(text) ?? []
  return Number(count) * bytesOf[unit as keyof typeof bytesOf]
}

/** An address that git accepts in any directory: this function makes a path absolute and does not change a URL. */
export function placeRepository(repository: string, directory: string): string {
  if (repository.startsWith('hg+')) return `hg+${placeRepository(repository.slice('hg+'.length), directory)}`
  if (repository.startsWith('cvs+')) return repository
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(repository) || isAbsolute(repository)) return repository
  // With a colon before the first slash, git reads the address as host:path, the short form of ssh.
  if (/^[^/]+:/.test(repository)) return repository
  return resolve(directory, repository)
}

/** The part of the file that belongs to no project, with every default filled in. */
export const fillInFarmWide = ({ notify = [], 'notify-after': after }: FarmYaml): FarmWide => ({
  notify: fillInNotify(notify),
  notifyAfterSeconds: after === undefined ? notifyAfterDefault : readDuration(after),
})

/** A project with every default filled in. `farmWide` has the defaults of the whole file. */
export function fillIn(
  name: string,
  written: WrittenProject,
  directory: string,
  farmWide: Pick<FarmYaml, 'keep'>,
): ProjectConfig {
  const keep = fillInKeep(written.keep, farmWide.keep)
  return {
    name,
    ...(written.title === undefined ? {} : { title: written.title }),
    repository: placeRepository(written.repository, directory),
    ...(written.path === undefined ? {} : { path: written.path }),
    branches: written.branches ?? defaultBranches,
    ...(written.tags?.length ? { tags: written.tags } : {}),
    ...fillInPush(written),
    ...(written.poll === undefined ? {} : { pollSeconds: readPoll(written.poll) }),
    ...(written.schedules?.length ? { schedules: written.schedules.map(fillInSchedule) } : {}),
    ...(written['at-least-every'] === undefined
      ? {}
      : { atLeastEverySeconds: readDuration(written['at-least-every']) }),
    leaveOut: written['leave-out'] ?? [],
    ...fillInContents(written),
    sources: Object.entries(written.sources ?? {}).map(([source, body]) => fillInSource(source, body, directory)),
    hosts: written.hosts ?? ['*'],
    arches: written.arches ?? ['*'],
    env: written.env ?? {},
    limits: fillInLimits(written.limits ?? {}),
    variants: fillInVariants(written.variants ?? { [defaultVariant]: {} }),
    ...(written.errors?.length ? { errors: written.errors } : {}),
    ...(written.ignore?.length ? { ignore: written.ignore } : {}),
    ...(written['build-each-branch'] === 'true' ? { buildEachBranch: true } : {}),
    ...(written.confirm === undefined ? {} : { confirm: Number(written.confirm) }),
    ...(written.results ? { results: written.results.map(fillInResults) } : {}),
    ...(written.bisect ? { bisect: fillInBisect(written.bisect) } : {}),
    ...(written.coalesce === undefined ? {} : { coalesce: written.coalesce === 'true' }),
    ...(written['cancel-superseded'] === 'true' ? { cancelSuperseded: true } : {}),
    ...(written['jobs-at-once'] === undefined ? {} : { jobsAtOnce: Number(written['jobs-at-once']) }),
    ...(written.status?.length ? { status: written.status.map(entry => fillInStatus(entry, written.repository)) } : {}),
    ...(written.notify?.length ? { notify: fillInNotify(written.notify) } : {}),
    ...(written['pull-requests'] ? { pullRequests: fillInPullRequests(written['pull-requests']) } : {}),
    ...(written['known-failures'] ? { knownFailures: written['known-failures'].map(fillInKnownFailure) } : {}),
    ...(keep ? { keep } : {}),
    artifacts: (written.artifacts ?? []).map(withoutSlash),
    ...(written.cache?.length ? { cache: written.cache } : {}),
    steps: written.steps.flatMap(step => Object.entries(step).map(([step, run]) => ({ name: step, run }))),
  }
}

function fillInResults(written: NonNullable<WrittenProject['results']>[number]): ProjectResults {
  if (typeof written === 'string') return { files: withoutSlash(written) }
  const { junit, tap, ...rest } = written
  if (junit !== undefined) return { files: withoutSlash(junit), format: 'junit' }
  if (tap !== undefined) return { files: withoutSlash(tap), format: 'tap' }
  return rest
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '')

const fillInKnownFailure = ({
  because,
  hosts = ['*'],
  arches = ['*'],
  variants = ['*'],
  step,
}: NonNullable<WrittenProject['known-failures']>[number]): KnownFailure => ({
  because,
  hosts,
  arches,
  variants,
  ...(step === undefined ? {} : { step }),
})

function fillInSource(
  name: string,
  written: NonNullable<WrittenProject['sources']>[string],
  directory: string,
): ProjectSource {
  const { branch, commit, 'commit-from': commitFrom } = written
  return {
    name,
    repository: written.tarball ?? placeRepository(written.repository ?? '', directory),
    ...(branch === undefined ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
    ...(commitFrom === undefined ? {} : { commitFrom }),
    leaveOut: written['leave-out'] ?? [],
    ...fillInContents(written),
    ...(written.module === undefined ? {} : { module: written.module }),
    ...fillInTarball(written),
    ...(written.trigger === 'true' ? { trigger: true } : {}),
  }
}

export function fillInLimits(written: NonNullable<WrittenProject['limits']>): ProjectLimits {
  const seconds = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : readDuration(text))
  return {
    wallSeconds: seconds(written.wall, defaultLimits.wallSeconds),
    silenceSeconds: seconds(written.silence, defaultLimits.silenceSeconds),
    graceSeconds: seconds(written.grace, defaultLimits.graceSeconds),
    artifactBytes: written.artifacts === undefined ? defaultLimits.artifactBytes : readSize(written.artifacts),
    logBytes: written.log === undefined ? defaultLimits.logBytes : readSize(written.log),
    lostAfterSeconds: seconds(written['lost-after'], defaultLimits.lostAfterSeconds),
    attempts: written.attempts === undefined ? defaultLimits.attempts : Number(written.attempts),
  }
}

export const fillInBisect = ({ budget, pause }: NonNullable<WrittenProject['bisect']>): BisectLimits => ({
  budgetSeconds: budget === undefined ? defaultBisect.budgetSeconds : readDuration(budget),
  pauseSeconds: pause === undefined ? defaultBisect.pauseSeconds : readDuration(pause),
})

const fillInVariants = (written: NonNullable<WrittenProject['variants']>): ProjectConfig['variants'] =>
  Object.fromEntries(
    Object.entries(written).map(([name, { env = {}, hosts = ['*'], arches = ['*'] }]) => [
      name,
      { env, hosts, arches },
    ]),
  )
