import type { AttemptState, OwnerRule, WaitCode } from '@rumpfarm/contracts'
import { permits, permitsForks } from '../hosts/owner.rule.ts'
import type { Presence } from '../hosts/presence.rule.ts'
import type { RefusalCode } from '../hosts/refusal.rule.ts'
import { isAtCap } from './next-job.rule.ts'

export interface WaitReason {
  code: WaitCode
  /** A sentence for people, without the times. */
  text: string
  /** Since when the host cannot take the job; null if the farm does not know it. */
  since: Date | null
  /** The job that the host must finish first, and when the farm expects its end. */
  busyWith: number | null
  until: Date | null
}

export interface WaitingJob {
  state: AttemptState
  project: string
  branch: string | null
  /** The code comes from somebody who cannot push to the repository. */
  fork: boolean
  arch: string
}

export interface WaitingHost {
  name: string
  removed: boolean
  presence: Presence
  lastSeenAt: Date
  awaySince: Date | null
  pausedAt: Date | null
  refusal: string | null
  refusalCode: RefusalCode | null
  slots: number
  arches: readonly { arch: string; unable: string | null }[]
  rules: OwnerRule[]
}

/** The other jobs of the host. */
export interface HostLoad {
  /** The jobs that the host runs now, with their expected ends, soonest end first. Unknown ends are last. */
  running: readonly { jobId: number; endsAt: Date | null }[]
  /** The number of jobs that the host takes before this one. */
  before: number
  /** If the project has `jobs-at-once`: this limit, and how many jobs of the project run on all hosts. */
  cap?: ProjectCap | undefined
}

export interface ProjectCap {
  max: number
  running: number
}

/** The most important reason why a host has not started a job. */
export function whyWaiting(job: WaitingJob, host: WaitingHost, load: HostLoad): WaitReason {
  return (
    neverRuns(job, host) ??
    waitsForSources(job) ??
    hostIsAway(host) ??
    hostRefuses(job, host) ??
    projectIsAtLimit(job, load) ??
    waitsForSlot(host, load)
  )
}

function neverRuns({ project, branch, fork, arch }: WaitingJob, host: WaitingHost): WaitReason | undefined {
  const { name } = host
  if (host.removed) return reason('host-removed', `${name} was removed from the farm, so nothing will run this job.`)
  if (!host.arches.some(declared => declared.arch === arch))
    return reason('arch-missing', `${name} no longer builds for ${arch}, so nothing will run this job.`)
  if (!permits(host.rules, project, branch))
    return reason('owner-rules', `The rules of the owner of ${name} do not allow this job.`)
  if (fork && !permitsForks(host.rules))
    return reason(
      'owner-rules',
      `${name} does not run code from forks: its owner allows it with the line "allow forks" in host.conf.`,
    )
  return undefined
}

const waitsForSources = ({ state }: WaitingJob): WaitReason | undefined =>
  state === 'waiting' ? reason('sources', 'The server is preparing the sources.') : undefined

function hostIsAway({ name, presence, lastSeenAt, awaySince, pausedAt }: WaitingHost): WaitReason | undefined {
  switch (presence) {
    case 'silent':
      return reason('host-silent', `${name} is silent.`, { since: lastSeenAt })
    case 'away':
      return reason('host-away', `The owner of ${name} stopped its agent.`, { since: awaySince })
    case 'paused':
      return reason('host-paused', `An administrator paused ${name}.`, { since: pausedAt })
    case 'online':
      return undefined
  }
}

function hostRefuses({ arch }: WaitingJob, host: WaitingHost): WaitReason | undefined {
  const { name, refusal, refusalCode } = host
  const unable = host.arches.find(declared => declared.arch === arch)?.unable
  if (unable) return reason('arch-unable', `${name} cannot build for ${arch} now: ${unable}.`)
  if (refusal === null) return undefined
  const words = refusal.replace(/^(?:disk-full|hours outside of|hours|host-conf) /, '').trim()
  switch (refusalCode) {
    case 'agent-too-old':
      return reason('agent-too-old', `The agent of ${name} is too old${/ \(.*?\)/.exec(refusal)?.[0] ?? ''}.`)
    case 'disk-full':
      return reason('disk-full', `The disk of ${name} is full: ${words}.`)
    case 'hours':
      return reason('hours', `The owner of ${name} allows jobs only at certain hours: ${words}.`)
    case 'host-conf':
      return reason('host-conf', `host.conf of ${name} has an error: ${words}.`)
    default:
      return reason('refused', `${name} takes no jobs: ${refusal}.`)
  }
}

function projectIsAtLimit({ project }: WaitingJob, { cap }: HostLoad): WaitReason | undefined {
  if (!cap || !isAtCap(cap.max, cap.running)) return undefined
  const jobs = cap.running === 1 ? '1 job' : `${cap.running} jobs`
  return reason('project-limit', `${project} runs ${jobs}, and its limit is ${cap.max} (jobs-at-once in farm.yaml).`)
}

function waitsForSlot({ name, slots }: WaitingHost, { running, before }: HostLoad): WaitReason {
  const [first] = running
  const others = before === 0 ? '' : ` ${before === 1 ? '1 job is' : `${before} jobs are`} before this one.`
  if (first && running.length >= slots) {
    const busy = `${name} is busy with ${running.length === 1 ? `job ${first.jobId}` : `${running.length} jobs`}.`
    return reason('slot-busy', `${busy}${others}`, { busyWith: first.jobId, until: first.endsAt })
  }
  if (before > 0) return reason('behind', `${name} is online.${others}`)
  return reason('starting', `${name} is online and starts this job soon.`)
}

const reason = (code: WaitCode, text: string, more: Partial<WaitReason> = {}): WaitReason => ({
  code,
  text,
  since: null,
  busyWith: null,
  until: null,
  ...more,
})

/** Whether the job waits for something other than its turn. Then the farm cannot estimate its start. */
export const isBlocked = ({ code }: Pick<WaitReason, 'code'>): boolean =>
  !(['sources', 'slot-busy', 'behind', 'starting'] satisfies WaitCode[] as WaitCode[]).includes(code)
