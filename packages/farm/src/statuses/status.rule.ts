import { type AttemptState, cut, type StatusState, type Verdict } from '@rumpfarm/contracts'
import type { Approval } from '../pull-requests/approval.rule.ts'

/** The newest job of a cell of a commit, with its newest attempt. */
export interface StatusJob {
  jobId: number
  host: string
  arch: string
  variant: string
  state: AttemptState
  verdict: Verdict | null
  failedStep: string | null
  /** Whether the farm still reads the log of the attempt. It may add an attempt that confirms a failure. */
  examining: boolean
  /** The reason of farm.yaml why this cell is expected to fail; null without one. */
  known: string | null
}

export interface WantedStatus {
  state: StatusState
  description: string
}

/** The kinds of builds whose results are statuses of their commit. */
export const kindsWithStatus: readonly string[] = ['branch', 'tag', 'pull-request']

interface StatusBuild {
  id: number
  sources: string
  /** The branch with which a pull request conflicts; otherwise null. */
  conflictsWith: string | null
}

/** The status of a commit from the newest jobs of its cells. */
export function buildStatus(build: StatusBuild, jobs: readonly StatusJob[]): WantedStatus {
  if (jobs.length === 0) return { state: 'error', description: 'No host of the farm can build this commit' }
  const standings = jobs.map(job => ({ job, state: stateOf(job) }))
  const having = (state: StatusState) => standings.filter(one => one.state === state).map(({ job }) => job)
  const open = standings.filter(({ state }) => isOpen(state))
  const all = counted(jobs.length, 'job')
  if (open.length > 0) {
    const started = jobs.some(({ state }) => state !== 'waiting')
    return { state: started ? 'running' : 'pending', description: `Build ${build.id} has ${all}` }
  }
  const failed = having('failure')
  if (failed.length > 0)
    return { state: 'failure', description: `${failed.length} of ${all} failed: ${failed.map(placeOf).join(', ')}` }
  if (build.conflictsWith !== null)
    return { state: 'error', description: `Conflicts with ${build.conflictsWith}; nothing was built` }
  if (build.sources === 'failed') return { state: 'error', description: 'The sources of the build are not available' }
  const broken = having('error').length
  if (broken > 0) return { state: 'error', description: `${broken} of ${all} ended without a result` }
  const cancelled = having('cancelled').length
  if (cancelled > 0) return { state: 'cancelled', description: `${cancelled} of ${all} ${was(cancelled)} cancelled` }
  const expected = jobs.filter(({ verdict }) => verdict !== 'passed').length
  if (expected === 0)
    return { state: 'success', description: jobs.length === 1 ? 'The job passed' : `All ${all} passed` }
  return { state: 'success', description: `${jobs.length - expected} of ${all} passed, ${expected} failed as expected` }
}

/** A commit of a pull request from a fork, without a build. */
export interface UnbuiltCommit {
  approval: Approval
  /** Whether a person decided, and not a rule of farm.yaml. */
  decided: boolean
  /** Why the farm does not build the commit any more. */
  ended: 'superseded' | 'closed' | 'merged' | 'refused' | null
}

/** The status of a commit of a pull request that the farm has not built. */
export function unbuiltStatus({ approval, decided, ended }: UnbuiltCommit): WantedStatus {
  if (ended === 'refused' || approval === 'refused')
    return {
      state: 'cancelled',
      description: decided
        ? 'An administrator refused to build this commit'
        : 'The project builds no pull requests from forks',
    }
  if (ended === 'superseded')
    return { state: 'cancelled', description: 'Not built: the pull request has a newer commit' }
  if (ended !== null)
    return {
      state: 'cancelled',
      description: `Not built: the pull request was ${ended} before ${approval === 'waiting' ? 'an approval' : 'the farm built this commit'}`,
    }
  return approval === 'waiting'
    ? { state: 'pending', description: 'Waits for the approval of an administrator of the farm' }
    : { state: 'pending', description: 'The farm prepares the build of this commit' }
}

/** The status of one cell of a commit. */
export function cellStatus(job: StatusJob): WantedStatus {
  const state = stateOf(job)
  const description = cellWords(job, state)
  return { state, description: cut(description, descriptionMax) }
}

const descriptionMax = 500

/** No status of a cell is sent before its first result: a build has many cells, and forges limit the requests. */
export const isOpen = (state: StatusState): boolean => state === 'pending' || state === 'running'

function stateOf({ state, verdict, examining, known }: StatusJob): StatusState {
  if (state === 'waiting') return 'pending'
  if (state !== 'finished' || verdict === null) return 'running'
  if (verdict === 'passed') return 'success'
  if (verdict === 'failed' || verdict === 'timed-out') {
    if (examining) return 'running'
    return known === null ? 'failure' : 'success'
  }
  return verdict === 'cancelled' ? 'cancelled' : 'error'
}

function cellWords({ jobId, verdict, failedStep, known }: StatusJob, state: StatusState): string {
  if (isOpen(state)) return `Job ${jobId} has not ended`
  const at = failedStep === null ? '' : ` at step ${failedStep}`
  if (verdict === 'failed') return `Failed${at}${expectation(known)}`
  if (verdict === 'timed-out') return `Timed out${at}${expectation(known)}`
  if (verdict === 'passed') return 'Passed'
  return verdict === 'cancelled' ? 'Cancelled' : `Ended without a result (${verdict})`
}

const expectation = (known: string | null) => (known === null ? '' : `, as expected: ${known}`)

const placeOf = ({ host, failedStep }: StatusJob): string => (failedStep === null ? host : `${host} (${failedStep})`)

const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`
const was = (count: number) => (count === 1 ? 'was' : 'were')

/** The builds that share one status of a commit. A pull request has its own status beside that of its branch. */
export interface StatusGroup {
  kinds: readonly string[]
  /** The end of the name of the status. */
  suffix: string
}

export const statusGroups: readonly StatusGroup[] = [
  { kinds: ['branch', 'tag'], suffix: '' },
  { kinds: ['pull-request'], suffix: '/pull-request' },
]

/** The name of the status of a build on a forge. Several projects can have one repository. */
export const buildContext = (project: string, { suffix }: Pick<StatusGroup, 'suffix'> = { suffix: '' }): string =>
  `rumpfarm/${project}${suffix}`

export const cellContext = (
  project: string,
  { host, arch, variant }: StatusJob,
  group?: Pick<StatusGroup, 'suffix'>,
): string => [buildContext(project, group), host, arch, ...(variant === 'default' ? [] : [variant])].join('/')
