import type { ForgeEvent } from '@rumpfarm/connectors'
import { cut, type ProjectConfig } from '@rumpfarm/contracts'
import type { DeliveryResult, ReceiveOutcome } from '@rumpfarm/farm'
import type { Services } from '../services.ts'
import { type ReadOutcome, readPullRequest } from './read-pull-request.ts'
import { isRepository } from './receive-changes.ts'

type PullRequestServices = Pick<Services, 'farm' | 'mirrors'>
type Event = Extract<ForgeEvent, { kind: 'pull-request' }>

/**
 * Handles an event of a pull request for each project that builds the repository: reads the commit with git, and builds it
 * if the project and an administrator allow it. The results say what happened.
 */
export async function receivePullRequest(
  services: PullRequestServices,
  { repositoryUrls, ...event }: Event,
  mayTouch: (project: ProjectConfig) => boolean,
): Promise<DeliveryResult[]> {
  const all = [...(await services.farm.projects.configs()).values()].filter(mayTouch)
  const projects = all.filter(({ repository }) => isRepository(repositoryUrls, repository))
  return Promise.all(
    projects.map(async ({ name }) => ({
      ...{ project: name, ref: event.headRef, commit: event.head.commit, buildId: null, created: false },
      ...(await receiveFor(services, name, event)),
    })),
  )
}

type Result = Pick<DeliveryResult, 'outcome' | 'why'> & Partial<DeliveryResult>

async function receiveFor(
  services: PullRequestServices,
  project: string,
  event: Omit<Event, 'repositoryUrls'>,
): Promise<Result> {
  const { action, number, title, author, head, base, fork, url, headRef, mergeRef } = event
  const received = await services.farm.pullRequests.receive(
    { project, action, number, title, author, head, base, fork, url, headRef, mergeRef },
    { callerReads: true },
  )
  if (received.kind === 'recorded' && received.examine)
    return readResult(number, await readPullRequest(services, received.id))
  return receivedResult(number, received)
}

/** What an event did that needs no git. */
function receivedResult(number: number, received: ReceiveOutcome): Result {
  switch (received.kind) {
    case 'ignored':
      return { outcome: 'ignored', why: received.why }
    case 'unknown-project':
      return { outcome: 'ignored', why: 'the project is not in farm.yaml any more' }
    case 'recorded':
      return received.state === 'open'
        ? { outcome: 'handled', why: `pull request ${number} has no new commit, so there is nothing to build` }
        : { outcome: 'handled', why: `pull request ${number} is ${received.state}; the farm builds it no more` }
  }
}

function readResult(number: number, read: ReadOutcome | undefined): Result {
  switch (read?.kind) {
    case 'built':
      return { outcome: 'built', why: null, commit: read.commit, buildId: read.buildId, created: read.created }
    case 'not-approved':
      return read.approval === 'waiting'
        ? { outcome: 'handled', why: waits(number, read.commit), commit: read.commit }
        : { outcome: 'ignored', why: refused(number, read.commit), commit: read.commit }
    case 'unreadable':
      return {
        outcome: 'handled',
        why: cut(`the farm cannot read pull request ${number} yet, and tries again: ${read.problem}`, 500),
      }
    case 'nothing':
      return { outcome: 'ignored', why: `the project does not build pull request ${number} any more` }
    case 'changed':
    case undefined:
      return {
        outcome: 'handled',
        why: `pull request ${number} changed meanwhile; a newer delivery or the farm itself reads it`,
      }
  }
}

const waits = (number: number, commit: string): string =>
  `commit ${commit.slice(0, 12)} of pull request ${number} waits for the approval of an administrator`
const refused = (number: number, commit: string): string =>
  `commit ${commit.slice(0, 12)} of pull request ${number} was refused`
