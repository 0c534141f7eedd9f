import { attemptName } from '@rumpfarm/contracts'
import type { AttemptView, JobView } from '@rumpfarm/farm'
import { KindMark } from '../../components/build-table.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { HostLink } from '../../components/host-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import { ArtifactPatterns, Environment, Limits, RecipeSteps } from '../../components/recipe.tsx'
import { RetryButton } from '../../components/retry-button.tsx'
import { SourceTable } from '../../components/source-table.tsx'
import { isActive, statusLabel, statusOf } from '../../components/status.ts'
import { LogView } from '../../log/job-log.tsx'
import type { JobLog } from '../../log/shown-log.ts'
import type { Visit } from '../../visit.ts'
import { reproduceScript } from './reproduce-script.ts'
import { JobState, type JobStateProps } from './state.tsx'
import { jobTitle } from './texts.ts'

export interface JobPage extends JobStateProps {
  log: JobLog
}

export const renderJobPage = ({ log, ...state }: JobPage): string => {
  const { visit, job, attempt } = state
  const changes = !isExamined(state) || isRepeated(state)
  return renderPage({
    title: jobTitle(job, attempt),
    visit,
    live: changes,
    reloadSeconds: isActive(statusOf(attempt)) || changes ? 5 : undefined,
    children: (
      <>
        <p class="crumbs">
          <Link to={`/projects/${segment(job.project)}`}>{job.project}</Link> ·{' '}
          <Link to={`/builds/${job.buildId}`}>build {job.buildId}</Link> ·{' '}
          <CommitLink project={job.project} commit={job.commit} /> {job.branch} <KindMark build={job} /> ·{' '}
          <HostLink name={job.host} /> {job.subject !== null && <span>· “{job.subject}”</span>}
        </p>
        <div id="state">
          <JobState {...state} at={visit.at} />
        </div>
        <div id="actions">{visit.admin && <JobActions visit={visit} job={job} attempt={attempt} />}</div>
        <Attempts job={job} shown={attempt} />
        <CompareLink job={job} attempt={attempt} />
        <LogView log={log} />
        <Recipe job={job} />
        <ReproduceManually job={job} />
      </>
    ),
  })
}

/** The examination of a log takes seconds. A log that could not be read has no failure, and the page must not wait for it. */
const examinationMs = 120_000

/** False if the farm probably examines the log now. Then the page reloads itself when the examination has ended. */
function isExamined({ attempt: { verdict, finishedAt }, failure, visit }: JobStateProps): boolean {
  if (failure || finishedAt === null || (verdict !== 'failed' && verdict !== 'timed-out')) return true
  return visit.at.getTime() - finishedAt.getTime() > examinationMs
}

/** Whether a later attempt has not ended. The page then waits for its result. */
const isRepeated = ({ job: { attempts }, attempt: { number } }: JobStateProps): boolean =>
  attempts.some(later => later.number > number && later.state !== 'finished')

/** The page has a button only if it shows the newest attempt, because an administrator cannot change older attempts. */
function JobActions({ visit, job, attempt }: { visit: Visit; job: JobView; attempt: AttemptView }) {
  if (job.attempts[0]?.number !== attempt.number) return null
  if (attempt.state === 'finished')
    return (
      <div class="action">
        <RetryButton to={`/jobs/${job.id}/retry`} text="Run again" />
      </div>
    )
  return (
    <Form class="action" to={`/jobs/${job.id}/cancel`}>
      <CsrfField visit={visit} />
      <button type="submit" class="danger">
        Cancel job
      </button>
    </Form>
  )
}

function Attempts({ job, shown }: { job: JobView; shown: AttemptView }) {
  if (job.attempts.length < 2) return null
  return (
    <p>
      Attempts:{' '}
      {job.attempts.map(({ number, ...attempt }) => (
        <>
          <Link
            class={`mark ${statusOf(attempt)}`}
            to={`/jobs/${job.id}/attempts/${number}`}
            aria-current={number === shown.number ? 'page' : undefined}
            title={attemptName({ jobId: job.id, number })}
          >
            #{number} {statusLabel[statusOf(attempt)]}
          </Link>{' '}
        </>
      ))}
    </p>
  )
}

/** A link to the comparison with the last good run, if there is another good run. */
function CompareLink({ job: { id, lastGood }, attempt }: { job: JobView; attempt: AttemptView }) {
  if (attempt.steps.length === 0 || !lastGood?.jobId || lastGood.jobId === id) return null
  return (
    <p>
      <Link to={`/jobs/${id}/compare`}>Compare with the last good run</Link> (job {lastGood.jobId})
    </p>
  )
}

const Recipe = ({ job: { recipe, preparedSources } }: { job: JobView }) => (
  <details>
    <summary>Recipe</summary>
    <SourceTable sources={preparedSources} />
    {Object.keys(recipe.env).length > 0 && <Environment env={recipe.env} />}
    <p>
      <Limits limits={recipe.limits} />
    </p>
    <RecipeSteps steps={recipe.steps} />
    <ArtifactPatterns patterns={recipe.artifacts ?? []} />
  </details>
)

const ReproduceManually = ({ job }: { job: JobView }) =>
  job.preparedSources.length === 0 ? null : (
    <details>
      <summary>Reproduce manually</summary>
      <p>
        Save this script and run it with <code>sh</code> in an empty directory. The configuration of {job.host} can set
        more for {job.arch}, for example the compiler. The server does not know these settings, so add them to the
        script.
      </p>
      <pre class="command">{reproduceScript(job)}</pre>
    </details>
  )
