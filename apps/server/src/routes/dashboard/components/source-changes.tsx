import { compareLink } from '@rumpfarm/connectors'
import type { CommitView, SourceChange } from '@rumpfarm/farm'
import { Ago } from './ago.tsx'
import { CommitName } from './commit-link.tsx'
import { OutsideLink } from './links.tsx'
import { counted } from './status.ts'

interface Props {
  changes: readonly SourceChange[]
  at: Date
}

/** The commits of each changed source, with their authors, and links to the forge. */
export const SourceChanges = ({ changes, at }: Props) => (
  <div class="changes">
    {changes.map(change => (
      <section>
        <h3>
          {change.name}: <Range change={change} />
        </h3>
        <Commits change={change} at={at} />
      </section>
    ))}
  </div>
)

function Range({ change: { repository, before, after, total } }: { change: SourceChange }) {
  const compare = before === null ? undefined : compareLink(repository, before, after)
  return (
    <>
      {before !== null && (
        <>
          <CommitName repository={repository} commit={before} /> →{' '}
        </>
      )}
      <CommitName repository={repository} commit={after} />
      {total !== null && ` (${counted(total, 'commit')})`}
      {compare !== undefined && (
        <>
          {' '}
          <OutsideLink class="compare" href={compare}>
            Compare
          </OutsideLink>
        </>
      )}
    </>
  )
}

const commitsShown = 20

function Commits({ change: { name, repository, before, commits, total }, at }: { change: SourceChange; at: Date }) {
  if (before === null) return <p>The earlier build did not have this source, or had it from another repository.</p>
  if (commits.length === 0)
    return <p>The farm does not know the commits between these two. It may not have read them yet.</p>
  const rest = commits.slice(commitsShown)
  return (
    <>
      <CommitList commits={commits.slice(0, commitsShown)} repository={repository} at={at} />
      {rest.length > 0 && (
        <details>
          <summary>
            {total === null ? 'More' : counted(rest.length, 'older commit')} of {name}
          </summary>
          <CommitList commits={rest} repository={repository} at={at} />
          {total === null && <p>The range has further commits. The page shows the newest {commits.length}.</p>}
        </details>
      )}
    </>
  )
}

const CommitList = ({ commits, repository, at }: { commits: CommitView[]; repository: string; at: Date }) => (
  <ul class="commits">
    {commits.map(({ commit, subject, author, committedAt }) => (
      <li>
        <CommitName repository={repository} commit={commit} /> {subject}{' '}
        <small>
          {author}, <Ago from={committedAt} at={at} />
        </small>
      </li>
    ))}
  </ul>
)
