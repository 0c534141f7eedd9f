import type { Change, SinceLastGood } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { Link } from '../../components/links.tsx'
import { SourceChanges } from '../../components/source-changes.tsx'
import { suspectWords } from './words.ts'

/** The last good run, the first failed run, and everything that changed between them. */
export function ChangesSinceLastGood({ project, changes, at }: { project: string; changes: SinceLastGood; at: Date }) {
  const { lastGood, since, sources } = changes
  return (
    <section aria-label="Changes since the last good run">
      <h2>{suspectWords(changes)}</h2>
      <p>
        <RunLink run={lastGood}>Last good run</RunLink>: <CommitLink project={project} commit={lastGood.commit} />,{' '}
        <Ago from={lastGood.at} at={at} />. <RunLink run={since}>First failed run</RunLink>:{' '}
        <CommitLink project={project} commit={since.commit} />, <Ago from={since.at} at={at} />.
      </p>
      <HostChanges changes={changes} />
      {sources.length > 0 && <SourceChanges changes={sources} at={at} />}
    </section>
  )
}

const RunLink = ({ run, children }: { run: SinceLastGood['since']; children: string }) => (
  <Link to={run.jobId === null ? `/builds/${run.buildId}` : `/jobs/${run.jobId}`}>{children}</Link>
)

/** Changes of the host and of the recipe can cause the failure, even if a commit is new. */
function HostChanges({ changes: { compiler, facts, recipe, sources } }: { changes: SinceLastGood }) {
  const host = [...(compiler ? [compiler] : []), ...facts]
  if (host.length === 0 && recipe.length === 0)
    return sources.length > 0 ? null : (
      <p>The compiler, the host facts and the recipe are the same. The test may be flaky, or the host changed.</p>
    )
  return (
    <div class="banner">
      <p>
        <strong>{host.length > 0 ? 'The host changed, too: check it first.' : 'The recipe changed, too.'}</strong>
      </p>
      <ul>
        {host.map(change => (
          <li>
            <ChangedValue change={change} />
          </li>
        ))}
        {recipe.length > 0 && <li>recipe: {recipe.join(', ')}</li>}
      </ul>
    </div>
  )
}

const ChangedValue = ({ change: { name, before, after } }: { change: Change }) => (
  <>
    {name}: {before === '' ? 'none' : <code>{before}</code>} → {after === '' ? 'none' : <code>{after}</code>}
  </>
)
