import Type from 'typebox'
import {
  count,
  id,
  jobId,
  list,
  maybe,
  maybeInteger,
  maybeMoment,
  maybeText,
  moment,
  oneOf,
  ref,
} from './api-formats.ts'
import { commit } from './api-matrix.ts'
import { attemptPurposes, attemptStates } from './attempts.ts'
import { waitCodes } from './wait-codes.ts'

const openStates = attemptStates.filter(state => state !== 'finished')

export const WaitReason = Type.Object(
  {
    code: oneOf(waitCodes, 'host-removed, arch-missing, owner-rules: nothing will ever run the job'),
    text: Type.String({ description: 'A sentence for people' }),
    since: maybeMoment('Since when the host cannot take the job'),
    busyWith: maybeInteger('Number of the job that the host finishes first'),
    until: maybeMoment('When the farm expects the end of this job'),
  },
  { description: 'Why the job waits; null: it runs' },
)

export const QueuedJob = Type.Object(
  {
    jobId: jobId('Number of the job'),
    number: id('Number of the attempt'),
    state: oneOf(openStates, 'State of the attempt'),
    purpose: oneOf(attemptPurposes, 'Why the farm runs the attempt'),
    project: Type.String(),
    buildId: id('Number of the build'),
    commit,
    branch: maybeText('Branch that was pushed'),
    host: Type.String(),
    arch: Type.String(),
    variant: Type.String(),
    priority: Type.Integer({
      description: 'A larger priority runs first: 40 by hand, 30 push, 20 schedule, 10 bisection',
    }),
    queuedAt: moment('When the attempt was queued'),
    startedAt: maybeMoment('When the first step started'),
    stepsEnded: count('Number of steps that have ended'),
    expectedMs: maybeInteger('Usual duration in milliseconds: the median of the passed runs; null: no run has passed'),
    reason: maybe(WaitReason),
    startsAt: maybeMoment('When the farm expects the start of a waiting job; null: it cannot know, or the job runs'),
    endsAt: maybeMoment('When the farm expects the end of the job; null: it cannot know'),
    before: count('Number of jobs that the host takes before this job'),
  },
  { $id: 'QueuedJob', description: 'A job that waits or runs' },
)

export const JobExpectation = Type.Object(
  {
    expectedMs: maybeInteger('Usual duration in milliseconds: the median of the passed runs; null: no run has passed'),
    steps: Type.Record(Type.String(), count('Milliseconds'), { description: 'Usual duration of each step' }),
    queued: Type.Union([ref(QueuedJob), Type.Null()], {
      description: 'Why the job waits, and when it starts and ends; null: the job has ended',
    }),
  },
  { $id: 'JobExpectation', description: 'How long a job usually takes, and why it waits' },
)

export const Queue = Type.Object(
  {
    items: list(ref(QueuedJob), 'Waiting jobs, those that their hosts take next first; then running jobs'),
    total: count('Number of waiting and running jobs'),
    complete: Type.Boolean({ description: 'false: the list does not have all jobs. Filter by host or project' }),
  },
  { $id: 'Queue', description: 'The jobs that wait or run now' },
)
