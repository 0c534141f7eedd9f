import type { BuildKind } from '@rumpfarm/contracts'
import type { BuildSummary } from '@rumpfarm/farm'
import { Ago } from './ago.tsx'
import { CommitLink } from './commit-link.tsx'
import { segment } from './escape.ts'
import { Link } from './links.tsx'
import { jobStatuses, statusLabel } from './status.ts'
import { StatusMark } from './status-mark.tsx'

export function BuildTable({ builds, at, caption }: { builds: readonly BuildSummary[]; at: Date; caption: string }) {
  return (
    <table class="list">
      <caption class="hidden-text">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Build</th>
          <th scope="col">Project</th>
          <th scope="col">Commit</th>
          <th scope="col">Jobs</th>
          <th scope="col">Started</th>
        </tr>
      </thead>
      <tbody>
        {builds.map(build => (
          <BuildRow build={build} at={at} />
        ))}
      </tbody>
    </table>
  )
}

function BuildRow({ build, at }: { build: BuildSummary; at: Date }) {
  return (
    <tr>
      <th scope="row">
        <Link to={`/builds/${build.id}`}>#{build.id}</Link>
      </th>
      <td>
        <Link to={`/projects/${segment(build.project)}`}>{build.project}</Link>
      </td>
      <td>
        <CommitLine build={build} />
      </td>
      <td>
        {build.sources === 'failed' ? (
          <StatusMark status="broken">
            {build.conflictsWith === null ? 'no sources' : `conflicts with ${build.conflictsWith}`}
          </StatusMark>
        ) : (
          <JobCounts counts={build.counts} />
        )}
      </td>
      <td>
        <Ago from={build.createdAt} at={at} />
      </td>
    </tr>
  )
}

function CommitLine({ build }: { build: BuildSummary }) {
  const { project, commit, branch, subject, author, bisection } = build
  return (
    <>
      {bisection !== null && (
        <>
          <ProbeMark bisection={bisection} />{' '}
        </>
      )}
      <CommitLink project={project} commit={commit} /> {branch !== null && <span class="branch">{branch}</span>}
      <KindMark build={build} /> {subject ?? ''} {author !== null && <small>{author}</small>}
    </>
  )
}

/** Says that a build belongs to no branch, because it is the build of a tag, a pull request or a try. */
export const KindMark = ({ build: { kind, tag } }: { build: Pick<BuildSummary, 'kind' | 'tag'> }) =>
  kind === 'branch' ? null : <span class="branch">{kind === 'tag' ? `tag ${tag}` : kindWords[kind]}</span>

export const kindWords: Record<BuildKind, string> = {
  branch: 'branch',
  tag: 'tag',
  'pull-request': 'pull request',
  try: 'try',
}

/** Says that a build runs only probes of a bisection. */
export const ProbeMark = ({ bisection }: { bisection: number }) => (
  <Link class="probe" to={`/bisections/${bisection}`}>
    probe of bisection {bisection}
  </Link>
)

/** Shows the number of jobs of a build with each status. */
export const JobCounts = ({ counts }: { counts: BuildSummary['counts'] }) => (
  <>
    {jobStatuses
      .filter(status => counts[status])
      .map(status => (
        <>
          <StatusMark status={status}>
            {counts[status]} {statusLabel[status]}
          </StatusMark>{' '}
        </>
      ))}
  </>
)
