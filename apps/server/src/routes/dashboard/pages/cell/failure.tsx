import type { CellView } from '@rumpfarm/farm'
import { Excerpt } from '../../components/excerpt.tsx'
import { Link } from '../../components/links.tsx'
import { runPath } from './strip.tsx'
import { spreadWords } from './words.ts'

/** The first error of the newest failed run, and where else it occurs. */
export function CellFailure({ cell }: { cell: CellView }) {
  const { failure, seenBefore } = cell
  if (!failure) return null
  return (
    <>
      <h2>First error</h2>
      <Excerpt failure={failure} jobPath={runPath(failure)} />
      <p>
        {spreadWords(cell)}{' '}
        {seenBefore && (
          <>
            Seen before in <Link to={`/jobs/${seenBefore.jobId}`}>build {seenBefore.buildId}</Link>.
          </>
        )}
      </p>
    </>
  )
}
