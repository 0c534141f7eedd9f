import type { BuildEffects, BuildView, PullRequestCommitView, PullRequestView } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { JobCounts } from '../../components/build-table.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { Facts } from '../../components/facts.tsx'
import { GridFrame } from '../../components/grid/grid-frame.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link, OutsideLink } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { isActive, jobStatuses } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'
import { gridOf } from '../build/grid.ts'
import { ApprovalForm } from './approval.tsx'
import { Comparison } from './comparison.tsx'

export interface NewestBuild {
  build: BuildView
  effects: BuildEffects
  /** Why a build has no jobs: no host runs code from forks, or the patterns of farm.yaml match none of these hosts. */
  noHost: string | null
}

export interface PullRequestPage {
  visit: Visit
  request: PullRequestView
  commits: readonly PullRequestCommitView[]
  /** The build of the newest commit. */
  newest: NewestBuild | null
}

export function renderPullRequestPage({ visit, request, commits, newest }: PullRequestPage): string {
  const { project, number, title } = request
  const active = newest !== null && isUnfinished(newest.build)
  return renderPage({
    title: `Pull request ${number} of ${project}`,
    visit,
    live: true,
    grid: true,
    history: true,
    reloadSeconds: active ? 15 : undefined,
    children: (
      <>
        <h1>
          <Link to={`/projects/${segment(project)}/pull-requests`}>Pull request</Link> {number} of{' '}
          <Link to={`/projects/${segment(project)}`}>{project}</Link>
        </h1>
        <p class="lead">{title}</p>
        <RequestFacts request={request} at={visit.at} />
        {request.problem !== null && <ReadProblem request={request} at={visit.at} />}
        {request.state === 'open' && <ApprovalForm visit={visit} request={request} />}
        {newest && <Build visit={visit} request={request} newest={newest} />}
        <h2>Commits</h2>
        {commits.length === 0 ? (
          <p class="empty">The farm has not read a commit of this request yet.</p>
        ) : (
          <ScrollFrame label="Commits of the pull request">
            <CommitTable project={project} commits={commits} at={visit.at} />
          </ScrollFrame>
        )}
      </>
    ),
  })
}

const RequestFacts = ({ request, at }: { request: PullRequestView; at: Date }) => (
  <Facts
    rows={[
      ['State', request.state],
      ['Author', request.author],
      ['Branch', `${request.headBranch}${request.fork ? ' of a fork' : ''}, into ${request.baseBranch}`],
      [
        'Newest commit',
        request.headCommit === '' ? (
          ''
        ) : (
          <CommitLink project={request.project} commit={request.headCommit} digits={64} />
        ),
      ],
      ['At the forge', request.url === null ? '' : <OutsideLink href={request.url}>{request.url}</OutsideLink>],
      ['First seen', <Ago from={request.openedAt} at={at} />],
      ['Changed', <Ago from={request.changedAt} at={at} />],
      ['Closed', request.closedAt === null ? '' : <Ago from={request.closedAt} at={at} />],
    ]}
  />
)

const ReadProblem = ({ request: { problem, nextTryAt }, at }: { request: PullRequestView; at: Date }) => (
  <section class="banner" aria-label="Error of git">
    <strong>The farm cannot read the request with git.</strong>
    <pre>{problem}</pre>
    {nextTryAt === null ? (
      'The farm tries again when the forge sends another event about the request.'
    ) : (
      <>
        The farm tries again <Ago from={nextTryAt} at={at} />.
      </>
    )}
  </section>
)

function Build({ visit, request, newest }: { visit: Visit; request: PullRequestView; newest: NewestBuild }) {
  const { build, effects, noHost } = newest
  return (
    <section aria-label="Build of the newest commit">
      <h2>
        <Link to={`/builds/${build.id}`}>Build {build.id}</Link>
      </h2>
      <Sources request={request} build={build} />
      {noHost === null ? (
        build.conflictsWith === null && (
          <p class="totals">
            <JobCounts counts={build.counts} />
          </p>
        )
      ) : (
        <p class="banner" role="status">
          {noHost}
        </p>
      )}
      {build.jobs.length > 0 && build.sources !== 'failed' && (
        <Comparison baseBranch={request.baseBranch} effects={effects} active={isUnfinished(build)} />
      )}
      {build.jobs.length > 0 && build.sources !== 'failed' && <GridFrame grid={gridOf(build, effects, visit.at)} />}
    </section>
  )
}

const isUnfinished = ({ counts }: BuildView): boolean => jobStatuses.some(status => isActive(status) && counts[status])

function Sources({ request: { baseBranch, project }, build }: { request: PullRequestView; build: BuildView }) {
  if (build.sources === 'pending') return <p class="empty">The server is preparing the sources.</p>
  if (build.sources === 'failed')
    return (
      <section class="banner" aria-label="Errors in the sources">
        <strong>
          {build.conflictsWith === null
            ? 'The server cannot prepare the sources, so no job can run.'
            : `The pull request conflicts with ${build.conflictsWith}; nothing was built.`}
        </strong>
        <pre>{build.problem}</pre>
      </section>
    )
  const merged = build.preparedSources[0]?.merged
  if (!merged) return <p>The farm builds the commit itself, without a merge.</p>
  return (
    <p>
      The farm builds the commit merged into <CommitLink project={project} commit={merged.base} /> of {baseBranch}.{' '}
      {merged.by === 'forge' ? 'The forge made the merge.' : 'The farm made the merge.'}
    </p>
  )
}

const CommitTable = ({
  project,
  commits,
  at,
}: {
  project: string
  commits: readonly PullRequestCommitView[]
  at: Date
}) => (
  <table class="list requests">
    <caption class="hidden-text">Commits of the pull request, newest first</caption>
    <thead>
      <tr>
        <th scope="col">Commit</th>
        <th scope="col">Approval</th>
        <th scope="col">Build</th>
        <th scope="col">First seen</th>
      </tr>
    </thead>
    <tbody>
      {commits.map(one => (
        <tr>
          <th scope="row">
            <CommitLink project={project} commit={one.commit} />
          </th>
          <td>
            <ApprovalOf commit={one} at={at} />
          </td>
          <td>
            {one.buildId !== null && <Link to={`/builds/${one.buildId}`}>Build {one.buildId}</Link>}{' '}
            {one.ended !== null && endTexts[one.ended]}
          </td>
          <td>
            <Ago from={one.seenAt} at={at} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)

const endTexts: Record<NonNullable<PullRequestCommitView['ended']>, string> = {
  superseded: 'replaced by a newer commit',
  closed: 'the request was closed',
  merged: 'the request was merged',
  refused: 'refused',
}

function ApprovalOf({ commit: { approval, decidedAt, decidedBy }, at }: { commit: PullRequestCommitView; at: Date }) {
  if (approval === 'not-needed') return <>not needed</>
  if (approval === 'waiting') return <strong class="mark waiting">needs approval</strong>
  return (
    <>
      {approval}
      {decidedAt !== null && (
        <>
          {' '}
          by {decidedBy}, <Ago from={decidedAt} at={at} />
        </>
      )}
    </>
  )
}
