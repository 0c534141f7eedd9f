import type {
  Acknowledged,
  AlertOutcome,
  CellToBisect,
  CreateTryOutcome,
  InviteOutcome,
  RetryOutcome,
  StartOutcome,
  StartTryOutcome,
} from '@rumpfarm/farm'
import type { FastifyReply } from 'fastify'
import type { TriggerOutcome } from '../../trigger/trigger-build.ts'
import type { ProblemKind } from './kinds.ts'
import { problem } from './problem.ts'

/** The API's report of an outcome that is not a success. A page shows `detail` as a sentence. */
export interface OutcomeProblem {
  kind: ProblemKind
  detail: string
  /** The names that exist, for a client that has sent an unknown name. */
  known?: string[]
}

export const answerProblem = (reply: FastifyReply, { kind, detail, known }: OutcomeProblem): FastifyReply =>
  problem(reply, kind, detail, known ? { known } : {})

export function triggerProblem(
  project: string,
  outcome: Exclude<TriggerOutcome, { kind: 'built' | 'repeated' }>,
): OutcomeProblem {
  switch (outcome.kind) {
    case 'unknown-project':
      return unknownProject(project, outcome.known)
    case 'branch-not-built': {
      const detail = `${onlyBranches(project, outcome.branches)}; to build this commit anyway, name it: ${outcome.commit}`
      return { kind: outcome.kind, detail }
    }
    case 'tag-not-built':
      return { kind: outcome.kind, detail: onlyTags(project, outcome.tags) }
    case 'no-such-cell':
      return {
        kind: outcome.kind,
        detail: noSuchCell(project),
      }
    case 'fork-commit':
    case 'no-such-commit':
    case 'repository-problem':
      return { kind: outcome.kind, detail: outcome.problem }
  }
}

/** Why a try cannot begin or start. */
export function tryProblem(
  project: string,
  outcome: Exclude<CreateTryOutcome, { kind: 'created' | 'continued' }> | Exclude<StartTryOutcome, { kind: 'started' }>,
): OutcomeProblem {
  switch (outcome.kind) {
    case 'unknown-project':
      return unknownProject(project, outcome.known)
    case 'upload-too-large': {
      const detail = `the packed files have more than ${megabytes(outcome.bytesMax)}, the limit of this farm (TRY_MB): leave out files with .gitignore or with leave-out in farm.yaml`
      return { kind: outcome.kind, detail }
    }
    case 'too-many-tries': {
      const detail = `this token has ${outcome.openMax} tries that have not ended: wait, or cancel one of them`
      return { kind: outcome.kind, detail }
    }
    case 'no-room-for-tries': {
      const detail = `the uploads of all tries fill ${megabytes(outcome.allBytesMax)}, the limit of this farm (TRIES_MB): wait until some of them have ended`
      return { kind: outcome.kind, detail }
    }
    case 'no-such-cell':
      return { kind: outcome.kind, detail: noSuchCell(project) }
    case 'branch-not-built':
      return { kind: outcome.kind, detail: onlyBranches(project, outcome.branches) }
    case 'tag-not-built':
      return { kind: outcome.kind, detail: onlyTags(project, outcome.tags) }
    case 'unknown':
      return { kind: outcome.kind, detail: 'the farm has deleted this try: begin another try' }
  }
}

const megabytes = (bytes: number) => `${Math.floor(bytes / 1_000_000)} MB`

const noSuchCell = (project: string) =>
  `no cell of ${project} matches these hosts, arches and variants, or the owners of the hosts do not allow it`

export const onlyBranches = (project: string, branches: readonly string[]): string =>
  `${project} builds only the branches ${branches.join(', ')}`

export const onlyTags = (project: string, tags: readonly string[]): string =>
  tags.length === 0
    ? `${project} builds no tags: name them in farm.yaml, such as tags: ['v*']`
    : `${project} builds only the tags ${tags.join(', ')}`

/** The answer if the farm receives a delivery again and made no build the first time. */
export const repeatedWithoutBuild = 'the farm received this push before, and did not build it then'

export const unknownProject = (name: string, known: string[]): OutcomeProblem => ({
  kind: 'unknown-project',
  detail: `there is no project ${name}; ${projectsOfFarm(known)}`,
  known,
})

/** Lists the farm's projects, for messages about an unknown project or repository. */
export const projectsOfFarm = (projects: readonly string[]): string =>
  projects.length > 0 ? `the farm has: ${projects.join(', ')}` : 'farm.yaml lists no projects, or it has errors'

export const inviteProblem = (outcome: Exclude<InviteOutcome, { kind: 'invited' }>): OutcomeProblem => {
  switch (outcome.kind) {
    case 'name-taken':
      return {
        kind: outcome.kind,
        detail: `there is a host ${outcome.hostName} already: choose another name, or remove that host first`,
      }
    case 'bad-name':
      return { kind: outcome.kind, detail: `the name must be ${outcome.expected}` }
  }
}

export const alertProblem = ({ kind, expected }: Extract<AlertOutcome, { kind: 'bad-url' }>): OutcomeProblem => ({
  kind,
  detail: `the address for alerts must be ${expected}`,
})

export const retryProblem = (jobId: number, outcome: Exclude<RetryOutcome, { kind: 'queued' }>): OutcomeProblem => {
  switch (outcome.kind) {
    case 'unknown':
      return unknownJob(jobId)
    case 'not-finished':
      return {
        kind: outcome.kind,
        detail: `attempt ${outcome.attempt} of job ${jobId} is not finished: cancel it first`,
      }
    case 'not-runnable':
      return { kind: outcome.kind, detail: `job ${jobId} cannot run again: ${outcome.why}` }
  }
}

export const tooManyJobs = (max: number): OutcomeProblem => ({
  kind: 'too-many-jobs',
  detail: `more than ${max} jobs would run again: choose one project, or one build`,
})

export const notFailing = (of: Acknowledged): OutcomeProblem => ({
  kind: 'not-failing',
  detail:
    of.kind === 'cell'
      ? `${of.variant} for ${of.arch} on ${of.host} does not fail on branch ${of.branch}: there is nothing to acknowledge`
      : `no failure of the project has the fingerprint ${of.fingerprint}`,
})

export const bisectProblem = (
  { project, host, arch, variant }: CellToBisect,
  outcome: Exclude<StartOutcome, { kind: 'started' | 'running' }>,
): OutcomeProblem => {
  if (outcome.kind === 'not-possible') return { kind: 'not-bisectable', detail: outcome.why }
  if (outcome.what === 'project') return { kind: 'unknown-project', detail: `there is no project ${project}` }
  return { kind: 'unknown', detail: `${project} has no cell of ${variant} for ${arch} on ${host} on this branch` }
}

export const unknownJob = (id: number): OutcomeProblem => ({ kind: 'unknown', detail: `there is no job ${id}` })
