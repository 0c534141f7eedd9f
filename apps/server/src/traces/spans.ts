import { attemptName } from '@rumpfarm/contracts'
import type { AttemptTimes, BuildTimes } from '@rumpfarm/farm'

/** A part of a build, with its begin and end. */
export interface Span {
  name: string
  /** Names the span within its build. The id of the span is computed from this name. */
  part: string
  /** The part that contains this part; undefined for the first span of a build. */
  parent: string | undefined
  start: Date
  end: Date
  attributes: Record<string, string | number>
  failed?: boolean
}

const root = 'request'

const attributesOf = ({ project, commit, branch, buildId }: BuildTimes | AttemptTimes) => ({
  'rumpfarm.project': project,
  'rumpfarm.build': buildId,
  'vcs.ref.head.revision': commit,
  ...(branch === null ? {} : { 'vcs.ref.head.name': branch }),
})

/** The first span of a build: from the receipt of the push or the request until its jobs are stored. */
export const requestSpan = (build: BuildTimes, storedAt: Date): Span => ({
  name: 'build requested',
  part: root,
  parent: undefined,
  start: build.createdAt,
  end: storedAt,
  attributes: attributesOf(build),
})

/** From the request until the sources are ready, or until the farm gave up. */
export const sourcesSpan = (build: BuildTimes, preparedAt: Date, ok: boolean): Span => ({
  name: 'prepare sources',
  part: 'sources',
  parent: root,
  start: build.createdAt,
  end: preparedAt,
  attributes: attributesOf(build),
  failed: !ok,
})

/** The spans of an ended attempt: the attempt, its wait, its lease, its steps, and its end. */
export function attemptSpans(attempt: AttemptTimes): Span[] {
  const part = partOf(attempt)
  const { queuedAt, leasedAt, startedAt, finishedAt, verdict } = attempt
  const inside = (name: string, start: Date, end: Date): Span => ({
    name,
    part: `${part} ${name}`,
    parent: part,
    start,
    end,
    attributes: {},
  })
  const whole: Span = {
    name: `attempt on ${attempt.host}`,
    part,
    parent: root,
    start: queuedAt,
    end: finishedAt,
    attributes: {
      ...attributesOf(attempt),
      'rumpfarm.attempt': attemptName(attempt),
      'rumpfarm.host': attempt.host,
      'rumpfarm.arch': attempt.arch,
      'rumpfarm.variant': attempt.variant,
      'rumpfarm.purpose': attempt.purpose,
      'rumpfarm.verdict': verdict,
      'rumpfarm.log_bytes': attempt.logBytes,
      ...(attempt.failedStep === null ? {} : { 'rumpfarm.failed_step': attempt.failedStep }),
      ...(attempt.reason === null ? {} : { 'rumpfarm.reason': attempt.reason }),
    },
    failed: verdict !== 'passed',
  }
  const spans = [whole, inside('queued', queuedAt, leasedAt ?? finishedAt)]
  if (leasedAt) spans.push(inside('leased', leasedAt, startedAt ?? finishedAt))
  if (!startedAt) return spans
  const steps = stepSpans(attempt, startedAt, inside)
  const lastEnd = steps.at(-1)?.end ?? startedAt
  return [...spans, ...steps, inside('finish', lastEnd, finishedAt)]
}

/**
 * The host measures the duration of each step, and the farm knows when the host's first message arrived. So the steps
 * follow each other from that time on, but none of them ends after the attempt.
 */
function stepSpans(
  { steps, finishedAt, failedStep }: AttemptTimes,
  startedAt: Date,
  inside: (name: string, start: Date, end: Date) => Span,
): Span[] {
  let start = startedAt
  return steps.map(({ name, exit, milliseconds, logBytes }) => {
    const end = new Date(Math.min(start.getTime() + milliseconds, finishedAt.getTime()))
    const span = inside(`step ${name}`, start, end)
    start = end
    return {
      ...span,
      attributes: { 'process.exit.code': exit, 'rumpfarm.log_bytes': logBytes },
      failed: name === failedStep,
    }
  })
}

/** From the end of an attempt until the farm has examined its log. */
export const examineSpan = (attempt: AttemptTimes, examinedAt: Date): Span => ({
  name: 'examine',
  part: `${partOf(attempt)} examine`,
  parent: partOf(attempt),
  start: attempt.finishedAt,
  end: examinedAt,
  attributes: {},
})

const partOf = (attempt: AttemptTimes): string => `attempt ${attemptName(attempt)}`
