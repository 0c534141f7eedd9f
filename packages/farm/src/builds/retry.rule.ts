import { type AttemptState, attemptName, type OwnerRule, type RetrySelection, type Verdict } from '@rumpfarm/contracts'
import { permits, permitsForks } from '../hosts/owner.rule.ts'

/** A job with its newest attempt. */
export interface RetryCandidate {
  jobId: number
  /** The number of the newest attempt. */
  number: number
  state: AttemptState
  verdict: Verdict | null
  buildId: number
  sources: 'pending' | 'ready' | 'failed'
  /** The number of the bisection whose probes the build runs. */
  bisection: number | null
  /** The farm deletes the files of a try when it has ended. */
  isTry: boolean
  hostId: number
  host: string
  hostRemoved: boolean
  rules: OwnerRule[]
  project: string
  branch: string | null
  /** The code comes from somebody who cannot push to the repository. */
  fork: boolean
}

/** A job that cannot run again. */
export interface RefusedRetry {
  job: number
  host: string
  why: string
}

/** A new attempt of a finished job. */
export interface NewAttempt {
  jobId: number
  number: number
  hostId: number
  host: string
  buildId: number
  /** An attempt whose build has no sources yet waits for them. */
  state: 'queued' | 'waiting'
}

export interface RetryPlan {
  attempts: NewAttempt[]
  /** The names of the newest attempts that have not ended. */
  open: string[]
  refused: RefusedRetry[]
  /** The builds whose sources the farm must prepare again. */
  reopened: number[]
}

const failures: readonly (Verdict | null)[] = ['failed', 'timed-out', 'broken']

/** Whether a finished job belongs to the selection. A job that was broken did not run because of its host or sources. */
export const isSelected = (verdict: Verdict | null, which: RetrySelection): boolean =>
  which === 'all' || (which === 'lost' ? verdict === 'lost' : failures.includes(verdict))

/** Decides which of the jobs get a new attempt. A job never has two open attempts. */
export function planRetries(jobs: readonly RetryCandidate[], which: RetrySelection): RetryPlan {
  const open = jobs.filter(({ state }) => state !== 'finished')
  const wanted = jobs.filter(({ state, verdict }) => state === 'finished' && isSelected(verdict, which))
  const judged = wanted.map(job => ({ job, why: whyNotRunnable(job) }))
  const runnable = judged.filter(({ why }) => why === null).map(({ job }) => job)
  return {
    attempts: runnable.map(({ jobId, number, hostId, host, buildId, sources }) => ({
      jobId,
      number: number + 1,
      hostId,
      host,
      buildId,
      state: sources === 'ready' ? 'queued' : 'waiting',
    })),
    open: open.map(attemptName),
    refused: judged.flatMap(({ job, why }) => (why === null ? [] : [{ job: job.jobId, host: job.host, why }])),
    reopened: [...new Set(runnable.filter(({ sources }) => sources === 'failed').map(({ buildId }) => buildId))],
  }
}

/** Why a finished job cannot run again; null if it can. */
export function whyNotRunnable({
  host,
  hostRemoved,
  rules,
  project,
  branch,
  fork,
  bisection,
  isTry,
}: RetryCandidate): string | null {
  if (hostRemoved) return `host ${host} has left the farm`
  if (bisection !== null) return `bisection ${bisection} started it; start that bisection again instead`
  if (isTry) return 'it belongs to a try, whose files the farm no longer has; start the try again instead'
  if (!permits(rules, project, branch)) return `the owner of ${host} does not allow it`
  return !fork || permitsForks(rules) ? null : `the owner of ${host} does not allow code from forks`
}

/** The number of jobs of each host: the host with the most jobs is first. */
export function countHosts(attempts: readonly Pick<NewAttempt, 'host'>[]): { host: string; jobs: number }[] {
  const counts = new Map<string, number>()
  for (const { host } of attempts) counts.set(host, (counts.get(host) ?? 0) + 1)
  return [...counts]
    .map(([host, jobs]) => ({ host, jobs }))
    .sort((one, other) => other.jobs - one.jobs || (one.host < other.host ? -1 : 1))
}
