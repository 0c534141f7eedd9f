import type { BisectionSummary, QuoteOutcome } from '@rumpfarm/farm'
import type { Visit } from '../visit.ts'
import { CsrfField, Form, Link } from './links.tsx'
import { StatusMark } from './status-mark.tsx'

/** The cell that a form bisects. */
export interface BisectedCell {
  project: string
  branch: string
  host: string
  arch: string
  variant: string
}

/** The state of a bisection, or its answer. */
export const BisectionState = ({ bisection }: { bisection: Pick<BisectionSummary, 'state' | 'words'> }) =>
  bisection.state === 'finished' ? (
    <span>{bisection.words}</span>
  ) : (
    <StatusMark status={bisection.state === 'preparing' ? 'waiting' : 'running'}>
      {bisection.state === 'preparing' ? 'reading the commits' : 'searching'}
    </StatusMark>
  )

export interface CellBisection {
  cell: BisectedCell
  newest: BisectionSummary | null
  /** Only for administrators. */
  quote: QuoteOutcome | undefined
  /** Whether the cell passed before it failed. */
  regression: boolean
}

/**
 * The newest bisection of a cell. For administrators also the price and the button of a new one, for others a link to
 * the price.
 */
export function BisectionOfCell({ visit, cell, newest, quote, regression }: CellBisection & { visit: Visit }) {
  const searched = newest !== null && newest.state !== 'finished'
  return (
    <>
      {newest && (
        <p>
          <Link to={`/bisections/${newest.id}`}>Bisection {newest.id}</Link>: <BisectionState bisection={newest} />
        </p>
      )}
      {quote?.kind === 'quote' && <StartBisection visit={visit} cell={cell} quote={quote} />}
      {!quote && regression && !searched && (
        <p>
          <Link to={`/bisections/new?${new URLSearchParams({ ...cell })}`}>
            Price of a search for the first bad commit
          </Link>
        </p>
      )}
    </>
  )
}

type Quote = Extract<QuoteOutcome, { kind: 'quote' }>

/** The price, and for an administrator the button. */
export function StartBisection({ visit, cell, quote }: { visit: Visit; cell: BisectedCell; quote: Quote }) {
  const { price, commits, host, failureRate } = quote
  const range = commits === null ? 'the first bad commit' : `the first bad one of ${commits} commits`
  return (
    <>
      <p>
        {failureRate !== null &&
          `The failure occurs in about ${Math.round(failureRate * 100)} % of the runs, so the farm runs each commit several times. `}
        The farm can search {range}: {price ?? `on ${host}; the price is known after the farm has read the commits`}.
      </p>
      {visit.admin && (
        <Form class="action" to="/bisections">
          <CsrfField visit={visit} />
          {Object.entries(cell).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <button type="submit">Start bisection</button>
        </Form>
      )}
    </>
  )
}
