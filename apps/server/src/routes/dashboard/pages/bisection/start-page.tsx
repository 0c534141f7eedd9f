import type { QuoteOutcome } from '@rumpfarm/farm'
import { bisectProblem } from '../../../../http/problems/outcomes.ts'
import { sentenceOf } from '../../../../http/problems.ts'
import { type BisectedCell, StartBisection } from '../../components/bisection.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

export interface StartPage {
  visit: Visit
  cell: BisectedCell
  quote: QuoteOutcome
}

/** The price of a bisection and its button, or the reason why the cell cannot be bisected. */
export function renderStartPage({ visit, cell, quote }: StartPage): string {
  const { project, branch, host, arch, variant } = cell
  return renderPage({
    title: 'Start a bisection',
    visit,
    children: (
      <>
        <h1>Start a bisection</h1>
        {host === '' || arch === '' ? (
          <p class="empty">Open the page of a failing cell. It has a link to the price of a bisection of this cell.</p>
        ) : (
          <>
            <p class="lead">
              {project} {branch} on {host} for {arch}, variant {variant}
            </p>
            <Offer visit={visit} cell={cell} quote={quote} />
          </>
        )}
        <p>
          <Link to="/bisections">All bisections</Link>
        </p>
      </>
    ),
  })
}

function Offer({ visit, cell, quote }: StartPage) {
  switch (quote.kind) {
    case 'quote':
      return <StartBisection visit={visit} cell={cell} quote={quote} />
    case 'running':
      return (
        <p>
          <Link to={`/bisections/${quote.id}`}>Bisection {quote.id}</Link> already searches this failure.
        </p>
      )
    default:
      return <p class="empty">{sentenceOf(bisectProblem(cell, quote).detail)}</p>
  }
}
