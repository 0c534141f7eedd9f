import type { CellView, OpenRun } from '@rumpfarm/farm'
import { Since } from '../../components/ago.tsx'
import { Link } from '../../components/links.tsx'
import { counted, shortCommit, statusLabel } from '../../components/status.ts'

/** The running and waiting jobs of the cell. */
export function NextRun({ cell: { open, planned }, at }: { cell: CellView; at: Date }) {
  const [next, ...others] = open
  return (
    <section aria-label="Next run">
      <h2>Next run</h2>
      {next ? (
        <p>
          <OpenRunLine run={next} at={at} />
          {others.length > 0 &&
            ` ${counted(others.length, 'more job')} of this cell ${others.length === 1 ? 'waits' : 'wait'}.`}
        </p>
      ) : (
        <p>
          {planned
            ? 'No job waits. The next push starts one.'
            : 'No job is planned: farm.yaml, the host or its owner excludes this cell.'}
        </p>
      )}
    </section>
  )
}

function OpenRunLine({ run: { jobId, buildId, commit, state, since }, at }: { run: OpenRun; at: Date }) {
  return (
    <>
      <Link class={`mark ${state}`} to={`/jobs/${jobId}`}>
        {statusLabel[state]}
      </Link>{' '}
      for <Since from={since} at={at} />: <code title={commit}>{shortCommit(commit)}</code> of{' '}
      <Link to={`/builds/${buildId}`}>build {buildId}</Link>.
    </>
  )
}
