import { type Glance, type Look, looks } from '@rumpfarm/farm'
import { Link } from '../../components/links.tsx'
import { type MatrixView, matrixPath } from './view.ts'

export const lookLabel: Record<Look, string> = {
  new: 'newly failing',
  unconfirmed: 'unconfirmed',
  failing: 'failing',
  old: 'failing over 3 months',
  lost: 'lost',
  'never-ran': 'never ran',
  flaky: 'flaky',
  'tests-missing': 'tests missing',
  running: 'running',
  queued: 'queued',
  cancelled: 'cancelled',
  known: 'known failure',
  prevented: 'cannot run',
  fixed: 'fixed',
  passed: 'passed',
}

/** The counts of boxes by look. They explain the signs, and each is a filter. */
export const Legend = ({ counts, view }: { counts: Glance['counts']; view: MatrixView }) => (
  <ul class="legend" aria-label="Boxes by status. A box is a host and an architecture">
    {[...looks]
      .reverse()
      .filter(look => counts[look] > 0)
      .map(look => (
        <li>
          <Link
            class={look}
            to={matrixPath(view, { status: view.status === look ? undefined : look, trouble: undefined })}
            aria-current={view.status === look ? 'true' : undefined}
          >
            <b>{counts[look]}</b> {lookLabel[look]}
          </Link>{' '}
        </li>
      ))}
  </ul>
)
