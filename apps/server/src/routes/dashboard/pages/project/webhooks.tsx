import type { DeliverySummary } from '@rumpfarm/farm'
import { DeliveryReason } from '../../components/delivery.tsx'
import { segment } from '../../components/escape.ts'
import { Link } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

interface Props {
  visit: Visit
  project: string
  /** The webhooks of the project that wait for another try. */
  troubled: readonly DeliverySummary[]
}

/** Why the delivery waits for this project. A delivery can concern several. */
const reasonOf = ({ results, reason }: DeliverySummary, project: string): string | null =>
  results.find(result => result.project === project && result.outcome === 'retrying')?.why ?? reason

/** The webhooks that wait, and the links to all of them and to the steps for each forge. */
export const Webhooks = ({ visit, project, troubled }: Props) => (
  <>
    {troubled.length > 0 && (
      <section class="banner" aria-label="Webhooks that wait">
        {troubled.map(delivery => (
          <p>
            <Link to={`/deliveries/${delivery.id}`}>Delivery {delivery.id}</Link> waits:{' '}
            <DeliveryReason delivery={{ ...delivery, reason: reasonOf(delivery, project) }} at={visit.at} />
          </p>
        ))}
      </section>
    )}
    <p>
      Webhooks: <Link to={`/projects/${segment(project)}/webhooks`}>set up a forge</Link> ·{' '}
      <Link to={`/deliveries?project=${segment(project)}`}>deliveries</Link>
    </p>
  </>
)
