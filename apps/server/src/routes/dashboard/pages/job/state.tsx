import type { AttemptView, HostView, JobView } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { fullTitle } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { shortCommit, statusOf } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'
import { Artifacts } from './artifacts.tsx'
import { StepTable } from './steps.tsx'
import { capitalized, jobTitle, lastGoodText, sentence, waitReason } from './texts.ts'

export interface JobStateProps {
  visit: Visit
  job: JobView
  attempt: AttemptView
  /** If undefined, the host was removed, or the attempt does not wait for it. */
  host: HostView | undefined
}

/**
 * The part of the page that changes while a job runs. A live page replaces this part, and takes the title of the page
 * from `data-title`.
 */
export function JobState({ visit, job, attempt, host }: JobStateProps) {
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
        <LastGood job={job} at={visit.at} />
        {attempt.compiler !== null && `Compiler: ${attempt.compiler}. `}
        {neverPassed && 'No build has passed here yet.'}
      </p>
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
