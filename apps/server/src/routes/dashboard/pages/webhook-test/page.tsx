import type { WebhookTestResult } from '../../../../trigger/test-webhook.ts'
import { segment } from '../../components/escape.ts'
import { Facts } from '../../components/facts.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { StatusMark } from '../../components/status-mark.tsx'
import type { Visit } from '../../visit.ts'

export interface WebhookTestPage {
  visit: Visit
  project: string
  forge: string
  result: WebhookTestResult
}

export const renderWebhookTestPage = ({ visit, project, forge, result }: WebhookTestPage): string =>
  renderPage({
    title: `Webhook test of ${forge}`,
    visit,
    children: (
      <>
        <h1>Webhook test of {forge}</h1>
        <p class="lead">The farm sent a signed ping to its own address, as {forge} does.</p>
        <Facts
          rows={[
            [
              'Result',
              <StatusMark status={result.works ? 'passed' : 'failed'}>
                {result.works ? 'the webhook works' : 'the webhook does not work'}
              </StatusMark>,
            ],
            ['Address', result.url],
            ['Status', result.status === null ? 'no answer' : String(result.status)],
            ['Answer', result.answer],
            ['Duration', `${result.milliseconds} ms`],
          ]}
        />
        {result.works && (
          <p>
            The address and the secret of the farm are right. {forge} must reach the same address, and use the same
            secret.
          </p>
        )}
        <p>
          <Link to={`/projects/${segment(project)}/webhooks`}>Webhooks of {project}</Link> ·{' '}
          <Link to={`/deliveries?project=${segment(project)}`}>Deliveries of {project}</Link>
        </p>
      </>
    ),
  })
