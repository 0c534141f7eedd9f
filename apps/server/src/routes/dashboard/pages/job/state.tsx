import type { AttemptView, HostView, JobView } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { fullTitle } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { shortCommit, statusOf } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'
import { Artifacts } from './artifacts.tsx'
import { confirmationText } from './confirmation.ts'
import { Failure, type JobFailure } from './failure.tsx'
import { StepTable } from './steps.tsx'
import { capitalized, jobTitle, lastGoodText, sentence, waitReason } from './texts.ts'

export interface JobStateProps {
  visit: Visit
  job: JobView
  attempt: AttemptView
  /** If undefined, the host was removed, or the attempt does not wait for it. */
  host: HostView | undefined
  /** The failure in the log; undefined if the attempt has not failed, or before the farm has examined its log. */
  failure: JobFailure | undefined
}

/**
 * The part of the page that changes while a job runs. A live page replaces this part, and takes the title of the page
 * from `data-title`.
 */
export function JobState({ visit, job, attempt, host, failure }: JobStateProps) {
  const confirmation = confirmationText(attempt, job.attempts)
  const wait = waitReason(attempt, host, visit.at, job.arch)
  const neverPassed = !job.lastGood && attempt.state === 'finished' && attempt.verdict !== 'passed'
  return (
    <>
      <h1 class={`verdict ${statusOf(attempt)}`} data-title={fullTitle(jobTitle(job, attempt))}>
        {sentence(job, attempt, visit.at)}
      </h1>
      <p>
        {attempt.detail !== null && `${capitalized(attempt.detail)}. `}
        {wait !== undefined && `${wait} `}
        {attempt.cancelRequestedAt !== null &&
          attempt.state !== 'finished' &&
          'The host was asked to cancel this job. '}
        {confirmation !== undefined && `${confirmation} `}
        <LastGood job={job} at={visit.at} />
        {attempt.compiler !== null && `Compiler: ${attempt.compiler}. `}
        {neverPassed && 'No build has passed here yet.'}
      </p>
      {failure && (
        <Failure
          {...failure}
          buildId={job.buildId}
          host={job.host}
          path={`/jobs/${job.id}/attempts/${attempt.number}`}
        />
      )}
      <StepTable job={job} attempt={attempt} at={visit.at} />
      <Artifacts job={job} attempt={attempt} />
    </>
  )
}

function LastGood({ job, at }: { job: JobView; at: Date }) {
  const text = lastGoodText(job)
  if (!job.lastGood || text === undefined) return null
  const { commit, buildId } = job.lastGood
  return (
    <>
      {text} <code>{shortCommit(commit)}</code> (<Link to={`/builds/${buildId}`}>build {buildId}</Link>,{' '}
      <Ago from={job.lastGood.at} at={at} />
      ).{' '}
    </>
  )
}
