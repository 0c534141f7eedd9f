import type { PullRequestView } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { PullRequestStanding, pullRequestPath } from '../../components/pull-request.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import type { Visit } from '../../visit.ts'

export const listStates = ['open', 'waiting', 'closed', 'merged', 'all'] as const
export type ListState = (typeof listStates)[number]

const names: Record<ListState, string> = {
  open: 'Open',
  waiting: 'Needs approval',
  closed: 'Closed',
  merged: 'Merged',
  all: 'All',
}

export interface PullRequestsPage {
  visit: Visit
  project: string
  /** Whether farm.yaml has the key `pull-requests` for the project. */
  enabled: boolean
  requests: readonly PullRequestView[]
  state: ListState
  /** The cursor of the next page; undefined on the last page. */
  before: number | undefined
}

export function renderPullRequestsPage({ visit, project, enabled, requests, state, before }: PullRequestsPage): string {
  const title = `Pull requests of ${project}`
  const path = `/projects/${segment(project)}/pull-requests`
  return renderPage({
    title,
    visit,
    live: true,
    children: (
      <>
        <h1>
          Pull requests of <Link to={`/projects/${segment(project)}`}>{project}</Link>
        </h1>
        <p class="lead">
          The builds of pull requests change no cell of a branch. The list has the requests about which the forge has
          sent an event. To add an older one, push to it, or close it and open it again.
        </p>
        {!enabled && (
          <p class="banner" role="status">
            The farm does not build pull requests of this project: farm.yaml has no key <code>pull-requests</code> for
            it.
          </p>
        )}
        <nav aria-label="States of pull requests">
          <p>
            {listStates.map((one, index) => (
              <>
                {index > 0 && ' · '}
                <Link
                  to={one === 'open' ? path : `${path}?state=${one}`}
                  aria-current={one === state ? 'page' : undefined}
                >
                  {names[one]}
                </Link>
              </>
            ))}
          </p>
        </nav>
        {requests.length === 0 ? (
          <p class="empty">{emptyText[state]}</p>
        ) : (
          <ScrollFrame label={title}>
            <PullRequestTable requests={requests} at={visit.at} caption={`${title}, newest first`} />
          </ScrollFrame>
        )}
        {before !== undefined && (
          <p>
            <Link rel="next" to={`${path}?state=${state}&before=${before}`}>
              Older pull requests →
            </Link>
          </p>
        )}
      </>
    ),
  })
}

const emptyText: Record<ListState, string> = {
  open: 'No pull request is open.',
  waiting: 'No commit needs an approval.',
  closed: 'No pull request was closed.',
  merged: 'No pull request was merged.',
  all: 'No pull requests yet.',
}

export const PullRequestTable = ({
  requests,
  at,
  caption,
  withProject = false,
}: {
  requests: readonly PullRequestView[]
  at: Date
  caption: string
  withProject?: boolean
}) => (
  <table class="list requests">
    <caption class="hidden-text">{caption}</caption>
    <thead>
      <tr>
        <th scope="col">Request</th>
        <th scope="col">Title</th>
        <th scope="col">Newest commit</th>
        <th scope="col">Build</th>
        <th scope="col">Changed</th>
      </tr>
    </thead>
    <tbody>
      {requests.map(request => (
        <tr>
          <th scope="row">
            <Link to={pullRequestPath(request)}>
              {withProject ? `${request.project} ` : ''}#{request.number}
            </Link>
          </th>
          <td>
            {request.title} <small>{request.author}</small> <span class="branch">{request.baseBranch}</span>
            {request.state !== 'open' && ` ${request.state}`}
          </td>
          <td>
            {request.headCommit !== '' && <CommitLink project={request.project} commit={request.headCommit} />}{' '}
            {request.fork && <small>from a fork</small>}
          </td>
          <td>
            <PullRequestStanding request={request} />
          </td>
          <td>
            <Ago from={request.changedAt} at={at} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
