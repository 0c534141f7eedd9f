import type { AttemptView, Expectation, JobView, QueueEntry, TestSummaryView } from '@rumpfarm/farm'
import type { JobFailure } from '../../../runs/failure-of.ts'
import { Ago, WithAges } from '../../components/ago.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { EndTime, StartTime } from '../../components/estimate.tsx'
import { fullTitle } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { statusOf } from '../../components/status.ts'
import { countsText } from '../../components/test-outcome.tsx'
import { duration } from '../../components/times.ts'
import { WaitText } from '../../components/wait-text.tsx'
import type { Visit } from '../../visit.ts'
import { Artifacts } from './artifacts.tsx'
import { confirmationText } from './confirmation.ts'
import { Failure } from './failure.tsx'
import { StepTable } from './steps.tsx'
import { capitalized, jobTitle, lastGoodText, sentence, stateStart } from './texts.ts'

export interface JobStateProps {
  visit: Visit
  job: JobView
  attempt: AttemptView
  /** The place in the queue; undefined if the attempt has ended. */
  queued: QueueEntry | undefined
  expectation: Expectation
  /** The failure in the log; undefined if the attempt has not failed, or before the farm has examined its log. */
  failure: JobFailure | undefined
  /** The tests of the attempt; undefined if the recipe has no `results`, or before the farm has read them. */
  tests: TestSummaryView | undefined
}

/**
 * The part of the page that changes while a job runs. A live page replaces this part, and takes the title of the page
 * from `data-title`. It is the same for all visitors.
 */
export function JobState(props: Omit<JobStateProps, 'visit'> & { at: Date }) {
  const { at, job, attempt, queued, expectation, failure, tests } = props
  const confirmation = confirmationText(attempt, job.attempts)
  const neverPassed = !job.lastGood && attempt.state === 'finished' && attempt.verdict !== 'passed'
  return (
    <>
      <h1 class={`verdict ${statusOf(attempt)}`} data-title={fullTitle(jobTitle(job, attempt))}>
        <WithAges text={sentence(job, attempt, at)} times={[stateStart(attempt)]} at={at} />
      </h1>
      <p>
        {attempt.detail !== null && `${capitalized(attempt.detail)}. `}
        {attempt.cancelRequestedAt !== null &&
          attempt.state !== 'finished' &&
          'The host was asked to cancel this job. '}
        {confirmation !== undefined && `${confirmation} `}
        <LastGood job={job} at={at} />
        {attempt.compiler !== null && `Compiler: ${attempt.compiler}. `}
        {neverPassed && 'No build has passed here yet.'}
      </p>
      {queued && <Estimate queued={queued} at={at} />}
      {failure && (
        <Failure
          {...failure}
          buildId={job.buildId}
          host={job.host}
          path={`/jobs/${job.id}/attempts/${attempt.number}`}
        />
      )}
      {tests && <TestCountsLine tests={tests} path={`/jobs/${job.id}/attempts/${attempt.number}/tests`} />}
      <StepTable job={job} attempt={attempt} usual={expectation.steps} at={at} />
      <Artifacts job={job} attempt={attempt} />
    </>
  )
}

function TestCountsLine({ tests, path }: { tests: TestSummaryView; path: string }) {
  const text = countsText(tests.counts)
  return (
    <p>
      {tests.missing && <strong class="mark broken">Tests missing: earlier jobs of this cell had tests. </strong>}
      <Link to={path}>
        {text.charAt(0).toUpperCase()}
        {text.slice(1)}
      </Link>
      {!tests.complete && ' (incomplete)'}
    </p>
  )
}

/** Why a waiting job waits, how long the job takes, and when it starts or ends. */
function Estimate({ queued, at }: { queued: QueueEntry; at: Date }) {
  const { reason, expectedMs } = queued
  return (
    <p class="estimate">
      {reason && (
        <>
          <WaitText reason={reason} at={at} /> Expected start: <StartTime job={queued} at={at} />.{' '}
        </>
      )}
      {expectedMs !== null && `Usual duration: ${duration(expectedMs)}. `}
      {!reason && (
        <>
          Expected end: <EndTime job={queued} at={at} />.
        </>
      )}{' '}
      <Link to={`/queue?host=${segment(queued.host)}`}>Queue of {queued.host}</Link>
    </p>
  )
}

function LastGood({ job, at }: { job: JobView; at: Date }) {
  const text = lastGoodText(job)
  if (!job.lastGood || text === undefined) return null
  const { commit, buildId } = job.lastGood
  return (
    <>
      {text} <CommitLink project={job.project} commit={commit} /> (
      <Link to={`/builds/${buildId}`}>build {buildId}</Link>, <Ago from={job.lastGood.at} at={at} />
      ).{' '}
    </>
  )
}
