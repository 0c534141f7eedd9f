import type { BisectionSummary, FailureTrait } from '@rumpfarm/farm'
import { BisectionState } from '../../components/bisection.tsx'
import { Link } from '../../components/links.tsx'

export interface BuildFindings {
  traits: readonly FailureTrait[]
  bisections: readonly BisectionSummary[]
}

/** What the failing hosts of a build have in common, and the bisections of its failures. */
export function Findings({ traits, bisections }: BuildFindings) {
  if (traits.length + bisections.length === 0) return null
  return (
    <ul class="findings">
      {traits.map(({ step, message, words, failingHosts }) => (
        <li>
          <strong>{step}</strong> {words} ({failingHosts.join(', ')}): <code>{message}</code>
        </li>
      ))}
      {bisections.map(bisection => (
        <li>
          <Link to={`/bisections/${bisection.id}`}>Bisection {bisection.id}</Link> on {bisection.host} {bisection.arch}:{' '}
          <BisectionState bisection={bisection} />
        </li>
      ))}
    </ul>
  )
}
