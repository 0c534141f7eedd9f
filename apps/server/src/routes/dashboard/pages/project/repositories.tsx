import type { PolledRepositoryView } from '@rumpfarm/farm'
import { Ago, Moment } from '../../components/ago.tsx'
import { RepositoryName } from '../../components/commit-link.tsx'

interface Props {
  /** Empty if the farm does not look at the repository. */
  repositories: readonly PolledRepositoryView[]
  at: Date
}

/** When the farm looked at the repositories itself, without a webhook, and why a look failed. */
export function Repositories({ repositories, at }: Props) {
  if (repositories.length === 0) return null
  return (
    <section aria-label="Repositories">
      {repositories.map(polled => (
        <p class={polled.failingSince === null ? undefined : 'error'}>
          <RepositoryName repository={polled.repository} />
          {polled.source !== null && ` (source ${polled.source})`}: <Look polled={polled} at={at} />
        </p>
      ))}
    </section>
  )
}

function Look({ polled, at }: { polled: PolledRepositoryView; at: Date }) {
  const { lookedAt, nextAt, problem, failingSince, everySeconds } = polled
  return (
    <>
      {problem !== null && <>{problem}. </>}
      {failingSince !== null && (
        <>
          The farm cannot look for new commits since <Moment time={failingSince} />.{' '}
        </>
      )}
      {lookedAt === null ? (
        'The farm has not looked for new commits yet. '
      ) : (
        <>
          The farm looked for new commits <Ago from={lookedAt} at={at} />.{' '}
        </>
      )}
      {nextAt === null || (everySeconds === null && failingSince === null) ? (
        'It looks again when the server starts.'
      ) : (
        <>
          Next look: <Moment time={nextAt} />.
        </>
      )}
    </>
  )
}
