import type { PullRequestView } from '@rumpfarm/farm'
import { renderPage } from '../../components/layout.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import type { Visit } from '../../visit.ts'
import { PullRequestTable } from '../pull-requests/page.tsx'

export interface ApprovalsPage {
  visit: Visit
  requests: readonly PullRequestView[]
}

export const renderApprovalsPage = ({ visit, requests }: ApprovalsPage): string =>
  renderPage({
    title: 'Approvals',
    visit,
    live: true,
    children: (
      <>
        <h1>Approvals</h1>
        <p class="lead">
          Pull requests from forks whose newest commit an administrator must approve, oldest first. Open a request to
          read what the approval allows.
        </p>
        {requests.length === 0 ? (
          <p class="empty">No commit needs an approval.</p>
        ) : (
          <ScrollFrame label="Commits that need an approval">
            <PullRequestTable requests={requests} at={visit.at} caption="Commits that need an approval" withProject />
          </ScrollFrame>
        )}
      </>
    ),
  })
