import type { BuildCause, BuildKind, Verdict } from '@rumpfarm/contracts'
import type { BuildEffects, BuildTestCounts, BuildView, FailureGroups, PullRequestView } from '@rumpfarm/farm'
import { Ago, ClockTime, Moment } from '../../components/ago.tsx'
import { BuildCellForm } from '../../components/build-cell-form.tsx'
import { JobCounts, ProbeMark } from '../../components/build-table.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { Facts } from '../../components/facts.tsx'
import { GridFrame } from '../../components/grid/grid-frame.tsx'
import { JobTable } from '../../components/job-table.tsx'
import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import { PullRequestLink } from '../../components/pull-request.tsx'
import { RetryButton } from '../../components/retry-button.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { SourceTable } from '../../components/source-table.tsx'
import { counted, isActive, jobStatuses } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'
import { ChangesSincePrevious, Effects, SlowJobs } from './effects.tsx'
import { DistinctFailures } from './failures.tsx'
import { type BuildFindings, Findings } from './findings.tsx'
import { gridOf } from './grid.ts'
import { tableJobs } from './table-jobs.ts'
import { WithoutResult } from './without-result.tsx'

export interface BuildPage {
  visit: Visit
  build: BuildView
  /** True if somebody triggered the commit again and the farm made no new build. */
  builtBefore: boolean
  /** Whether the table has all jobs of a large build. */
  allJobs: boolean
  tests: BuildTestCounts
  findings: BuildFindings
  effects: BuildEffects
  failures: FailureGroups
  /** The pull request that the build builds. */
  pullRequest: PullRequestView | undefined
  /** Why a build of a pull request has no jobs; null if it has jobs. */
  noHost: string | null
}

export function renderBuildPage(page: BuildPage): string {
  const { visit, build, builtBefore, allJobs, tests, findings, effects, failures, pullRequest, noHost } = page
  const active = jobStatuses.some(status => isActive(status) && build.counts[status])
  return renderPage({
    title: `Build ${build.id} of ${build.project}`,
    visit,
    live: true,
    grid: true,
    history: true,
    reloadSeconds: active ? 15 : undefined,
    children: (
      <>
        <h1>
          Build {build.id} of <Link to={`/projects/${segment(build.project)}`}>{build.project}</Link>
        </h1>
        <p class="lead">{build.subject ?? 'The commit message is not known yet.'}</p>
        {build.bisection !== null && (
          <p>
            <ProbeMark bisection={build.bisection} /> This build only searches a first bad commit. Its results do not
            change the matrix.
          </p>
        )}
        {build.kind !== 'branch' && <p>{otherKinds[build.kind]} Its results do not change the matrix.</p>}
        {builtBefore && (
          <p class="banner" role="status">
            This commit was built before with the same recipe. No new build was started.
            {visit.admin && ' The buttons below run its jobs again, or build the commit again.'}
          </p>
        )}
        <BuildFacts build={build} pullRequest={pullRequest} at={visit.at} />
        {build.sources === 'failed' && <Sources build={build} at={visit.at} />}
        {build.conflictsWith === null && (
          <p class="totals">
            <JobCounts counts={build.counts} />
          </p>
        )}
        <Findings {...findings} />
        <TestCounts id={build.id} tests={tests} />
        {visit.admin && active && <CancelBuild visit={visit} id={build.id} />}
        {visit.admin && <RunAgain visit={visit} build={build} />}
        {visit.admin && build.kind === 'branch' && <BuildCell visit={visit} build={build} />}
        {build.sources !== 'failed' && <Effects project={build.project} effects={effects} />}
        {build.jobs.length > 0 && build.sources !== 'failed' && <GridFrame grid={gridOf(build, effects, visit.at)} />}
        {build.sources !== 'failed' && <WithoutResult jobs={build.jobs} />}
        <DistinctFailures buildId={build.id} failures={failures} />
        {build.sources !== 'failed' && <ChangesSincePrevious effects={effects} at={visit.at} />}
        {build.sources !== 'failed' && <Sources build={build} at={visit.at} />}
        {build.conflictsWith === null && (
          <>
            <h2 id="jobs">Jobs</h2>
            <SlowJobs effects={effects} />
            <Jobs build={build} allJobs={allJobs} noHost={noHost} at={visit.at} />
          </>
        )}
      </>
    ),
  })
}

const otherKinds: Record<Exclude<BuildKind, 'branch'>, string> = {
  tag: 'This is the build of a tag.',
  'pull-request': 'This is the build of a pull request.',
  try: 'This is a try: somebody uploaded its sources.',
}

const causeWords: Record<BuildCause, string> = {
  push: 'push',
  hand: 'a person requested it',
  poll: 'the farm found a new commit',
  schedule: 'schedule',
  source: 'push to a further source',
  bisection: 'bisection',
}

const BuildFacts = ({
  build,
  pullRequest,
  at,
}: {
  build: BuildView
  pullRequest: PullRequestView | undefined
  at: Date
}) => (
  <Facts
    rows={[
      ['Commit', <CommitLink project={build.project} commit={build.commit} digits={64} />],
      ['Pull request', pullRequest ? <PullRequestLink request={pullRequest} /> : ''],
      build.tag === null ? ['Branch', build.branch ?? ''] : ['Tag', build.tag],
      ['Author', build.author ?? ''],
      ['Started', <Ago from={build.createdAt} at={at} />],
      ['Cause', `${causeWords[build.cause]}${build.causeDetail === null ? '' : `: ${build.causeDetail}`}`],
      ['Triggered by', build.pushes.length > 0 ? <Pushes pushes={build.pushes} /> : ''],
    ]}
  />
)

const Pushes = ({ pushes }: Pick<BuildView, 'pushes'>) => (
  <>
    {pushes.map(({ source, receivedAt }, index) => (
      <>
        {index > 0 && ', '}
        {source} (<Moment time={receivedAt} />)
      </>
    ))}
  </>
)

const TestCounts = ({ id, tests: { jobs, total, failing, missing } }: { id: number; tests: BuildTestCounts }) =>
  jobs === 0 ? null : (
    <p>
      {missing > 0 && <strong class="mark broken">Tests missing in {counted(missing, 'job')}. </strong>}
      <Link to={`/builds/${id}/tests`}>
        {counted(total, 'test')} in {counted(jobs, 'job')}: {failing === 0 ? 'none failed' : `${failing} failed`}
      </Link>
    </p>
  )

const CancelBuild = ({ visit, id }: { visit: Visit; id: number }) => (
  <Form class="action" to={`/builds/${id}/cancel`}>
    <CsrfField visit={visit} />
    <button type="submit" class="danger">
      Cancel unfinished jobs
    </button>
  </Form>
)

/** Jobs of a bisection cannot run again: the bisection decides which commits it needs. */
function RunAgain({
  visit,
  build: { id, counts, kind, bisection, conflictsWith },
}: {
  visit: Visit
  build: BuildView
}) {
  const sum = (...verdicts: Verdict[]) => verdicts.reduce((total, verdict) => total + (counts[verdict] ?? 0), 0)
  const jobs = {
    failed: sum('failed', 'timed-out', 'broken'),
    lost: sum('lost'),
    all: sum('passed', 'failed', 'timed-out', 'cancelled', 'lost', 'broken'),
  }
  const to = `/builds/${id}/retry`
  // The author of a pull request must solve a conflict first.
  const shown = bisection === null && conflictsWith === null
  return (
    <div class="actions">
      {shown && jobs.failed > 0 && (
        <RetryButton to={to} query={{ which: 'failed' }} text={`Run ${counted(jobs.failed, 'failed job')} again`} />
      )}
      {shown && jobs.lost > 0 && (
        <RetryButton to={to} query={{ which: 'lost' }} text={`Run ${counted(jobs.lost, 'lost job')} again`} />
      )}
      {shown && jobs.all > 0 && <RetryButton to={to} query={{ which: 'all' }} text="Run all jobs again" />}
      {kind !== 'try' && (
        <Form to={`/builds/${id}/again`}>
          <CsrfField visit={visit} />
          <button type="submit">Build this commit again with the current recipe</button>
        </Form>
      )}
    </div>
  )
}

function BuildCell({ visit, build: { project, commit, jobs } }: { visit: Visit; build: BuildView }) {
  const namesOf = (name: (job: BuildView['jobs'][number]) => string) => [...new Set(jobs.map(name))].sort()
  return (
    <BuildCellForm
      visit={visit}
      project={project}
      commit={commit}
      hosts={namesOf(({ host }) => host)}
      arches={namesOf(({ arch }) => arch)}
      variants={namesOf(({ variant }) => variant)}
    />
  )
}

function Sources({ build, at }: { build: BuildView; at: Date }) {
  if (build.sources === 'pending')
    return build.problem === null ? (
      <p class="empty">The server is fetching the sources.</p>
    ) : (
      <section class="banner" aria-label="Waiting for the sources">
        <strong>The server cannot fetch the sources now, and tries again by itself.</strong>
        <pre>{build.problem}</pre>
        {build.sourcesNextAt !== null && build.sourcesNextAt > at && (
          <>
            The next try is at <ClockTime time={build.sourcesNextAt} at={at} />.
          </>
        )}
      </section>
    )
  if (build.conflictsWith !== null)
    return (
      <section class="banner" aria-label="Conflict">
        <strong>The pull request conflicts with {build.conflictsWith}; nothing was built.</strong>
        <pre>{build.problem}</pre>
      </section>
    )
  if (build.sources === 'failed')
    return (
      <section class="banner" aria-label="Errors in the sources">
        <strong>The server cannot fetch the sources, so no job can run.</strong>
        <pre>{build.problem ?? 'git printed no message'}</pre>
        Fix the problem, then trigger the same commit again. Its jobs then get a new attempt.
      </section>
    )
  return (
    <details>
      <summary>Sources</summary>
      <SourceTable sources={build.preparedSources} />
    </details>
  )
}

interface JobsProps {
  build: BuildView
  allJobs: boolean
  noHost: string | null
  at: Date
}

function Jobs({ build: { id, jobs }, allJobs, noHost, at }: JobsProps) {
  if (noHost !== null) return <p class="empty">{noHost}</p>
  if (jobs.length === 0)
    return <p class="empty">No host builds this project. Check the project's hosts and architectures in farm.yaml.</p>
  const label = `Jobs of build ${id}`
  const shown = allJobs ? jobs : tableJobs(jobs)
  return (
    <>
      <ScrollFrame label={label}>
        <JobTable jobs={shown} at={at} caption={label} leaveOut="build" />
      </ScrollFrame>
      {shown.length < jobs.length && (
        <p>
          The table shows {shown.length} of {jobs.length} jobs, those that did not pass first.{' '}
          <Link to={`/builds/${id}?jobs=all#jobs`}>Show all jobs</Link>
        </p>
      )}
    </>
  )
}
