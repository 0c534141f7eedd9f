import type { Retries } from '@rumpfarm/farm'
import { HostLink } from '../../components/host-link.tsx'
import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import { counted } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'

export interface RetryPage {
  visit: Visit
  title: string
  /** Which jobs run again, and what happens to them. */
  lead: string
  /** What the farm would do. */
  plan: Pick<Retries, 'jobs' | 'hosts' | 'open' | 'refused'>
  /** The form of the confirmation. */
  form: { to: string; fields?: Record<string, string | undefined> }
  back: { href: string; text: string }
}

const hostsShown = 60
const refusedShown = 20

/** Says how many jobs would run again on which hosts, and asks for a confirmation. */
export const renderRetryPage = ({ visit, title, lead, plan, form, back }: RetryPage): string =>
  renderPage({
    title,
    visit,
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">{lead}</p>
        <Plan plan={plan} />
        {plan.jobs > 0 && visit.admin && (
          <Form class="action" to={form.to}>
            <CsrfField visit={visit} />
            {Object.entries(form.fields ?? {}).map(
              ([name, value]) => value !== undefined && <input type="hidden" name={name} value={value} />,
            )}
            <button type="submit">Run {counted(plan.jobs, 'job')} again</button>
          </Form>
        )}
        {plan.jobs > 0 && !visit.admin && <p>Only an administrator can run jobs again.</p>}
        <p>
          <Link to={back.href}>{back.text}</Link>
        </p>
      </>
    ),
  })

function Plan({ plan: { jobs, hosts, open, refused } }: Pick<RetryPage, 'plan'>) {
  return (
    <>
      {jobs === 0 ? (
        <p class="empty">No job would run again.</p>
      ) : (
        <>
          <p>
            <b>{counted(jobs, 'job')}</b> would run again on <b>{counted(hosts.length, 'host')}</b>:
          </p>
          <ul class="notes">
            {hosts.slice(0, hostsShown).map(one => (
              <li>
                <HostLink name={one.host} />: {counted(one.jobs, 'job')}
              </li>
            ))}
            {hosts.length > hostsShown && <li>{counted(hosts.length - hostsShown, 'more host')}</li>}
          </ul>
        </>
      )}
      {open > 0 && <p>{open === 1 ? '1 job has' : `${open} jobs have`} not finished yet, and would not start again.</p>}
      {refused.length > 0 && (
        <>
          <p>{counted(refused.length, 'job')} cannot run again:</p>
          <ul class="notes">
            {refused.slice(0, refusedShown).map(({ job, why }) => (
              <li>
                <Link to={`/jobs/${job}`}>job {job}</Link>: {why}
              </li>
            ))}
            {refused.length > refusedShown && <li>{counted(refused.length - refusedShown, 'more job')}</li>}
          </ul>
        </>
      )}
    </>
  )
}
