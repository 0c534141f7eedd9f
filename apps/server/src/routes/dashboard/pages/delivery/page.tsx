import type { DeliveryView } from '@rumpfarm/farm'
import { bodyBytesKept } from '../../../webhooks/kept-request.ts'
import { Moment } from '../../components/ago.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { DeliveryOutcomeMark, DeliveryReason, outcomeWords } from '../../components/delivery.tsx'
import { segment } from '../../components/escape.ts'
import { type Fact, Facts } from '../../components/facts.tsx'
import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'

export interface DeliveryPage {
  visit: Visit
  delivery: DeliveryView
  sender: string
}

export function renderDeliveryPage({ visit, delivery, sender }: DeliveryPage): string {
  const { id } = delivery
  return renderPage({
    title: `Delivery ${id}`,
    visit,
    reloadSeconds: delivery.outcome === 'waiting' || delivery.outcome === 'retrying' ? 10 : undefined,
    children: (
      <>
        <h1>Delivery {id}</h1>
        <Facts rows={factsOf(delivery, sender, visit)} />
        {visit.admin && delivery.canReplay && (
          <Form class="action" to={`/deliveries/${id}/replay`}>
            <CsrfField visit={visit} />
            <button type="submit">Replay delivery</button>{' '}
            <span class="hint">The farm decides it again. It never builds the same delivery twice.</span>
          </Form>
        )}
        <Results delivery={delivery} />
        {visit.admin ? (
          <Content delivery={delivery} />
        ) : (
          <p class="empty">Administrators see the headers and the body of the delivery here.</p>
        )}
        <p>
          <Link to="/deliveries">All deliveries</Link>
        </p>
      </>
    ),
  })
}

const factsOf = (delivery: DeliveryView, sender: string, { at }: Visit): Fact[] => [
  ['Outcome', <DeliveryOutcomeMark outcome={delivery.outcome} />],
  ['Reason', delivery.reason === null ? '' : <DeliveryReason delivery={delivery} at={at} />],
  ['Sender', sender],
  ['Event', delivery.event],
  ['Received', <Moment time={delivery.receivedAt} />],
  ['Received or replayed', delivery.times > 1 ? counted(delivery.times, 'time') : ''],
  ['Tries', delivery.tries > 1 ? String(delivery.tries) : ''],
  ['Id of the sender', delivery.deliveryId ?? ''],
  ['Signed with', signedWith(delivery)],
]

const signedWith = ({ signedFor, outcome }: DeliveryView): string => {
  if (outcome === 'refused') return ''
  return signedFor.length === 0
    ? "the farm's secret"
    : `the secret of ${signedFor.filter(name => name !== '*').join(', ')}`
}

function Results({ delivery: { results } }: { delivery: DeliveryView }) {
  if (results.length === 0) return null
  return (
    <>
      <h2>Projects</h2>
      <ScrollFrame label="What the delivery did for each project">
        <table class="list">
          <caption class="hidden-text">What the delivery did for each project</caption>
          <thead>
            <tr>
              <th scope="col">Project</th>
              <th scope="col">Ref</th>
              <th scope="col">Commit</th>
              <th scope="col">Outcome</th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {results.map(({ project, ref, commit, outcome, why, buildId, created }) => (
              <tr>
                <th scope="row">
                  <Link to={`/projects/${segment(project)}`}>{project}</Link>
                </th>
                <td>{ref}</td>
                <td>{commit !== null && <CommitLink project={project} commit={commit} />}</td>
                <td>
                  {buildId === null ? (
                    outcomeWords[outcome]
                  ) : (
                    <>
                      <Link to={`/builds/${buildId}`}>build {buildId}</Link>
                      {created ? '' : ', which existed before'}
                    </>
                  )}
                </td>
                <td class="reason">{why}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
    </>
  )
}

function Content({ delivery: { headers, body, bodyBytes, outcome } }: { delivery: DeliveryView }) {
  return (
    <>
      <h2>Headers</h2>
      <Facts wide rows={Object.entries(headers)} />
      <h2>Body</h2>
      {outcome === 'refused' ? (
        <p class="empty">The farm does not store the body of a refused delivery.</p>
      ) : (
        <>
          <p>
            {counted(bodyBytes, 'byte')}
            {bodyBytes > bodyBytesKept ? `, of which the farm stores the first ${bodyBytesKept}` : ''}. *** stands for a
            secret.
          </p>
          <pre>{readable(body)}</pre>
        </>
      )}
    </>
  )
}

function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2)
  } catch {
    return body
  }
}
