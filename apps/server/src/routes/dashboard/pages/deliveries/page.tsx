import type { DeliverySummary } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { DeliveryOutcomeMark, DeliveryProjects, DeliveryReason, outcomeWords } from '../../components/delivery.tsx'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { Form, Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import type { Visit } from '../../visit.ts'

export interface DeliveryChoice {
  sender?: string | undefined
  outcome?: string | undefined
  project?: string | undefined
  q?: string | undefined
}

export interface DeliveriesPage {
  visit: Visit
  deliveries: readonly DeliverySummary[]
  choice: DeliveryChoice
  senders: readonly { kind: string; name: string }[]
  /** The cursor of the next page; undefined on the last page. */
  before: number | undefined
}

export function renderDeliveriesPage({ visit, deliveries, choice, senders, before }: DeliveriesPage): string {
  const title = choice.project === undefined ? 'Webhook deliveries' : `Webhook deliveries of ${choice.project}`
  const given = Object.entries(choice).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return renderPage({
    title,
    visit,
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">
          The newest 1,000 messages of forges and other programs, with what the farm did. A message that a forge sends
          again is here only once.
        </p>
        {choice.project !== undefined && (
          <p>
            <Link to="/deliveries">All deliveries</Link> ·{' '}
            <Link to={`/projects/${segment(choice.project)}`}>Project {choice.project}</Link>
          </p>
        )}
        <Filter choice={choice} senders={senders} refused={visit.admin} />
        {deliveries.length > 0 ? (
          <DeliveryTable deliveries={deliveries} visit={visit} caption={`${title}, newest first`} names={senders} />
        ) : given.length > 0 ? (
          <p class="empty">
            No delivery matches. <Link to="/deliveries">All deliveries</Link>
          </p>
        ) : (
          <p class="empty">No webhook has arrived yet. The page of each project says how to set one up.</p>
        )}
        {before !== undefined && (
          <p>
            <Link rel="next" to={`/deliveries?${new URLSearchParams([...given, ['before', String(before)]])}`}>
              Older deliveries →
            </Link>
          </p>
        )}
      </>
    ),
  })
}

interface FilterProps extends Pick<DeliveriesPage, 'choice' | 'senders'> {
  refused: boolean
}

function Filter({ choice: { sender, outcome, project, q }, senders, refused }: FilterProps) {
  const outcomes = Object.entries(outcomeWords).filter(([name]) => refused || name !== 'refused')
  return (
    <Form class="search" method="get" to="/deliveries" role="search">
      {project !== undefined && <input type="hidden" name="project" value={project} />}
      <Choice label="Sender" name="sender" value={sender} options={senders.map(({ kind, name }) => [kind, name])} />{' '}
      <Choice label="Outcome" name="outcome" value={outcome} options={outcomes} />{' '}
      <label>
        Text <input type="search" name="q" value={q ?? ''} maxLength={80} />
      </label>{' '}
      <button type="submit">Search</button>
    </Form>
  )
}

interface ChoiceProps {
  label: string
  name: string
  value: string | undefined
  options: readonly (readonly [value: string, text: string])[]
}

const Choice = ({ label, name, value, options }: ChoiceProps) => (
  <label>
    {label}{' '}
    <select name={name}>
      <option value="">all</option>
      {options.map(([option, text]) => (
        <option value={option} selected={option === value}>
          {text}
        </option>
      ))}
    </select>
  </label>
)

interface TableProps {
  deliveries: readonly DeliverySummary[]
  visit: Visit
  caption: string
  names: DeliveriesPage['senders']
}

const DeliveryTable = ({ deliveries, visit, caption, names }: TableProps) => (
  <ScrollFrame label={caption}>
    <table class="list deliveries">
      <caption class="hidden-text">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Delivery</th>
          <th scope="col">Sender</th>
          <th scope="col">Event</th>
          <th scope="col">Project</th>
          <th scope="col">Outcome</th>
          <th scope="col">Reason</th>
          <th scope="col">Received</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map(delivery => (
          <tr>
            <th scope="row">
              <Link to={`/deliveries/${delivery.id}`}>Delivery {delivery.id}</Link>
            </th>
            <td>{names.find(({ kind }) => kind === delivery.sender)?.name ?? delivery.sender}</td>
            <td>{delivery.event}</td>
            <td>
              <DeliveryProjects delivery={delivery} />
            </td>
            <td>
              <DeliveryOutcomeMark outcome={delivery.outcome} />
            </td>
            <td class="reason">
              <DeliveryReason delivery={delivery} at={visit.at} />
            </td>
            <td>
              <Ago from={delivery.receivedAt} at={visit.at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)
