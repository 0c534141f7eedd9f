import type { Contexts } from '../context.ts'
import type { PullRequestEvent } from './apply-event.rule.ts'
import { approve, type Decision, type DecisionOutcome, refuse } from './decide.ts'
import {
  findToExamine,
  type Head,
  listToExamine,
  type PullRequestToExamine,
  recordHead,
  recordProblem,
} from './examine.ts'
import { findForkCommit } from './fork-commit.ts'
import {
  findPullRequest,
  listCommits,
  listPullRequests,
  listWaiting,
  type PullRequestFilter,
  sourceOfBuild,
} from './pull-request-queries.ts'
import { receiveEvent } from './receive.ts'

export type { PullRequestEvent, PullRequestState } from './apply-event.rule.ts'
export type { Approval } from './approval.rule.ts'
export type { Decision, DecisionOutcome } from './decide.ts'
export type { ExamineOutcome, Head, PullRequestToExamine } from './examine.ts'
export type {
  PullRequestCommitView,
  PullRequestFilter,
  PullRequestSource,
  PullRequestView,
} from './pull-request-queries.ts'
export type { ReceiveOutcome } from './receive.ts'

const commitsShown = 100
const waitingShown = 200

/** Pull requests and merge requests of the forges. */
export const pullRequestMethods = ({ main, pages, listing }: Contexts) => ({
  /** Records an event of a forge. The farm then reads the commit with git, and builds it if it may. */
  receive: (event: PullRequestEvent, options?: { callerReads?: boolean }) => receiveEvent(main, event, options),

  /** The ids of the requests that the farm must read with git now. */
  listToExamine: () => listToExamine(main),
  findToExamine: (id: number) => findToExamine(main, id),
  /** Records the newest commit, cancels older builds, and builds the commit if it needs no approval or has one. */
  recordHead: (request: Pick<PullRequestToExamine, 'id' | 'version'>, head: Head) => recordHead(main, request, head),
  recordProblem: (id: number, problem: string) => recordProblem(main, id, problem),

  /** Allows the farm to build one commit. */
  approve: async (decision: Decision) => (canBeNumber(decision.number) ? approve(main, decision) : unknown),
  refuse: async (decision: Decision) => (canBeNumber(decision.number) ? refuse(main, decision) : unknown),

  /** The number of an open or closed request that brought this full commit from a fork; undefined if there is none. */
  findForkCommit: (project: string, commit: string) => findForkCommit(main, project, commit),

  /** The request of a build, for the task that prepares its sources. */
  sourceOfBuild: (buildId: number) => sourceOfBuild(main, buildId),

  list: (filter: PullRequestFilter) => listing(() => listPullRequests(pages, filter)),
  /** The requests of all projects that wait for an approval, oldest first. */
  listWaiting: (limit = waitingShown) => listing(() => listWaiting(pages, limit)),
  find: async (project: string, number: number) =>
    canBeNumber(number) ? findPullRequest(pages, { project, number }) : undefined,
  findById: (id: number) => findPullRequest(pages, { id }),
  /** The newest commits of a request. */
  listCommits: (id: number, limit = commitsShown) => listCommits(pages, id, limit),
})

/** This is PostgreSQL's largest integer. */
const canBeNumber = (number: number): boolean => number >= 1 && number <= 2_147_483_647
const unknown = { kind: 'unknown' } as const satisfies DecisionOutcome
