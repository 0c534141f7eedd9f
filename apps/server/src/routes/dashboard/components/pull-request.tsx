import type { PullRequestView } from '@rumpfarm/farm'
import { segment } from './escape.ts'
import { Link } from './links.tsx'

export const pullRequestPath = ({ project, number }: { project: string; number: number }): string =>
  `/projects/${segment(project)}/pull-requests/${number}`

/** What the farm does with the newest commit of a pull request. */
export function PullRequestStanding({ request }: { request: PullRequestView }) {
  const { state, approval, buildId, problem, conflict, baseBranch } = request
  if (state === 'open' && approval === 'waiting') return <strong class="mark waiting">needs approval</strong>
  if (approval === 'refused') return <span class="mark cancelled">refused</span>
  if (buildId !== null && conflict)
    return (
      <Link to={`/builds/${buildId}`}>
        <span class="mark broken">conflicts with {baseBranch}</span>
      </Link>
    )
  if (buildId !== null) return <Link to={`/builds/${buildId}`}>Build {buildId}</Link>
  if (problem !== null) return <span class="mark broken">cannot be read</span>
  return <>{state === 'open' ? 'The farm reads it.' : ''}</>
}

export const PullRequestLink = ({ request }: { request: PullRequestView }) => (
  <>
    <Link to={pullRequestPath(request)}>Pull request {request.number}</Link> {request.title}
    {request.fork && ' (from a fork)'}
  </>
)
