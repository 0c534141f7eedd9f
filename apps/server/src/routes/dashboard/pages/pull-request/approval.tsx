import type { PullRequestView } from '@rumpfarm/farm'
import { CsrfField, Form, OutsideLink } from '../../components/links.tsx'
import { pullRequestPath } from '../../components/pull-request.tsx'
import type { Visit } from '../../visit.ts'

/** What the approval of the newest commit means, with the buttons for an administrator. */
export function ApprovalForm({ visit, request }: { visit: Visit; request: PullRequestView }) {
  const { approval, headCommit, url } = request
  if (approval === null || approval === 'not-needed') return null
  const short = headCommit.slice(0, 12)
  return (
    <section aria-label="Approval">
      <h2>Approval</h2>
      <p>
        {approval === 'waiting' && (
          <strong>
            Commit {short} needs the approval of an administrator, because its author cannot push to the repository.
          </strong>
        )}
        {approval === 'approved' && `Commit ${short} is approved. A newer commit needs its own approval.`}
        {approval === 'refused' && `Commit ${short} is refused, so the farm does not build it.`}
      </p>
      {approval !== 'approved' && <Meaning url={url} />}
      {visit.admin && (
        <div class="actions">
          {approval !== 'approved' && (
            <Decide visit={visit} request={request} decision="approve" text={`Approve commit ${short}`} />
          )}
          {approval !== 'refused' && (
            <Decide visit={visit} request={request} decision="refuse" text={`Refuse commit ${short}`} />
          )}
        </div>
      )}
    </section>
  )
}

const Meaning = ({ url }: { url: string | null }) => (
  <ul>
    <li>
      After the approval, hosts run the commands of this commit. Read all its changes first
      {url !== null && (
        <>
          {' '}
          at <OutsideLink href={url}>the forge</OutsideLink>
        </>
      )}
      , also those of build files and tests.
    </li>
    <li>
      Only hosts whose owner wrote <code>allow forks</code> in host.conf run it. Its jobs get no secrets and no cache.
    </li>
    <li>The approval is for this commit only. If the author pushes again, the farm asks again.</li>
  </ul>
)

const Decide = ({
  visit,
  request,
  decision,
  text,
}: {
  visit: Visit
  request: PullRequestView
  decision: 'approve' | 'refuse'
  text: string
}) => (
  <Form to={`${pullRequestPath(request)}/${decision}`}>
    <CsrfField visit={visit} />
    <input type="hidden" name="commit" value={request.headCommit} />
    <button type="submit" class={decision === 'refuse' ? 'danger' : undefined}>
      {text}
    </button>
  </Form>
)
