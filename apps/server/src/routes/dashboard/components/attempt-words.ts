import type { AttemptView, HostView, JobView } from '@rumpfarm/farm'
import { age, duration } from './times.ts'
import { shortCommit, statusOf, wordOf } from './verdict-words.ts'

/** An attempt in a sentence: what happened, where, after how long. */
export function sentence(job: JobView, attempt: AttemptView, at: Date): string {
  const place = `on ${job.host} for ${job.arch}${job.variant === 'default' ? '' : `, ${job.variant}`}`
  const status = statusOf(attempt)
  const step = attempt.failedStep === null ? '' : ` at ${attempt.failedStep}`
  switch (status) {
    case 'waiting':
      return `Waits for its sources, ${place}`
    case 'queued':
      return `Queued for ${age(attempt.queuedAt, at)}, ${place}`
    case 'leased':
      return `Starting ${place}`
    case 'running':
      return `Running ${job.recipe.steps[attempt.steps.length]?.name ?? ''} since ${age(stepBegan(attempt), at)}, ${place}`
    case 'passed':
      return `Passed after ${length(attempt)} ${place}`
    default:
      return `${capital(wordOf[status])}${step}${attempt.startedAt ? ` after ${length(attempt)}` : ''} ${place}`
  }
}

export const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)

const length = (attempt: AttemptView) => duration(tookMs(attempt, attempt.finishedAt ?? new Date(0)) ?? 0)

/**
 * How long the steps took, in milliseconds; undefined: it has not begun. When a host ended the job, its own measure counts: the
 * farm may have been away, and heard of the end minutes later.
 */
export function tookMs(
  { startedAt, finishedAt, steps, verdict }: Pick<AttemptView, 'startedAt' | 'finishedAt' | 'steps' | 'verdict'>,
  at: Date,
): number | undefined {
  if (startedAt === null) return undefined
  const measured = steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const hostKnows = finishedAt !== null && verdict !== 'lost' && steps.length > 0
  return hostKnows ? measured : (finishedAt ?? at).getTime() - startedAt.getTime()
}

/** When the step under way began: steps follow each other without a pause. */
function stepBegan({ startedAt, queuedAt, steps }: AttemptView): Date {
  const passed = steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  return new Date((startedAt ?? queuedAt).getTime() + passed)
}

/** What was good last, seen from this job; undefined when it adds nothing. */
export function lastGoodWords({
  lastGood,
  buildId,
  verdict,
}: JobView): { text: string; commit: string; buildId: number } | undefined {
  if (!lastGood || verdict === 'passed' || lastGood.buildId === buildId) return undefined
  const text = lastGood.buildId < buildId ? 'Passed last at' : 'Passes again since'
  return { text, commit: shortCommit(lastGood.commit), buildId: lastGood.buildId }
}

/** Why a queued job does not begin. */
export function waitWords(
  attempt: AttemptView,
  host: HostView | undefined,
  at: Date,
  arch: string,
): string | undefined {
  if (attempt.state !== 'queued') return undefined
  if (!host) return 'Its host has left the farm.'
  if (host.presence === 'silent') return `${host.name} has been silent for ${age(host.lastSeenAt, at)}.`
  if (host.presence === 'away') return `${host.name}'s owner stopped its agent.`
  if (host.presence === 'paused') return `${host.name} is paused.`
  const unable = host.arches.find(declared => declared.arch === arch)?.unable
  if (unable) return `${host.name} cannot build for ${arch} now: ${unable}.`
  if (host.refusal) return `${host.name} takes no work: ${host.refusal}.`
  return `${host.name} is there, and works on something else or is about to take it.`
}
