import type { HostView } from '@rumpfarm/farm'
import { segment } from '../../components/escape.ts'
import { CsrfField, Form } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

export function HostActions({ visit, host }: { visit: Visit; host: HostView }) {
  const path = `/hosts/${segment(host.name)}`
  return (
    <div class="actions">
      <Form to={`${path}/${host.pausedAt ? 'resume' : 'pause'}`}>
        <CsrfField visit={visit} />
        <button type="submit">{host.pausedAt ? 'Resume host' : 'Pause host'}</button>
      </Form>
      <details>
        <summary>Remove this host</summary>
        <Form to={`${path}/remove`}>
          <CsrfField visit={visit} />
          <p>
            The server revokes the host's credential and cancels its jobs. It keeps the results and logs. You can invite
            the host again.
          </p>
          <button type="submit" class="danger">
            Remove {host.name}
          </button>
        </Form>
      </details>
    </div>
  )
}
