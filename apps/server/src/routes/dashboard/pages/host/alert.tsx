import type { AlertState } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

/**
 * The forms for the address that receives alerts about the host. The page shows only the origin of the address, because
 * the path is often a secret.
 */
export function AlertForms({ visit, host, alert }: { visit: Visit; host: string; alert: AlertState | undefined }) {
  const path = `/hosts/${segment(host)}/alert`
  return (
    <details open={alert !== undefined}>
      <summary>{alert ? 'Alert when this host goes silent' : 'Set up an alert for when this host goes silent'}</summary>
      {alert && (
        <Form class="action" to={`${path}/off`}>
          <CsrfField visit={visit} />
          <p>
            Alerts go to {[alert.origin, alert.mail].filter(Boolean).join(' and ')}.{' '}
            <NewestAlert alert={alert} at={visit.at} />
          </p>
          <button type="submit">Turn alerts off</button>
        </Form>
      )}
      <Form class="action" to={path}>
        <CsrfField visit={visit} />
        <label for="url">
          {alert ? 'New webhook or mail address' : 'Webhook address (Standard Webhooks) or mail address'}
        </label>{' '}
        <input id="url" name="url" required maxlength={1000} placeholder="https://…" autocomplete="off" />{' '}
        <button type="submit">Save alert</button>
      </Form>
    </details>
  )
}

function NewestAlert({ alert: { newest }, at }: { alert: AlertState; at: Date }) {
  if (!newest) return <>No alert was sent yet.</>
  const event = newest.event === 'host-silent' ? 'host is silent' : 'host is back'
  if (newest.deliveredAt)
    return (
      <>
        Last alert: “{event}”, delivered <Ago from={newest.deliveredAt} at={at} />.
      </>
    )
  const state = newest.gaveUpAt ? 'not delivered' : newest.problem ? 'not delivered yet, retrying' : 'being sent'
  return (
    <>
      Last alert: “{event}”,{' '}
      <em class={newest.problem === null ? undefined : 'error'}>
        {state}
        {newest.problem !== null && `: ${newest.problem}`}
      </em>
    </>
  )
}

export const renderAlertSecretPage = (visit: Visit, host: string, secret: string): string =>
  renderPage({
    title: `Alerts of ${host}`,
    visit,
    children: (
      <>
        <h1>Alerts of {host}</h1>
        <p>The server signs each alert with this secret. Copy it now: no page shows it again.</p>
        <pre class="command">{secret}</pre>
        <p>
          <Link to={`/hosts/${segment(host)}`}>Back to {host}</Link>
        </p>
      </>
    ),
  })
