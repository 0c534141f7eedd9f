import type { CellView, OpenRun, QueueEntry } from '@rumpfarm/farm'
import { Since } from '../../components/ago.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { Link } from '../../components/links.tsx'
import { counted, statusLabel } from '../../components/status.ts'
import { WaitText } from '../../components/wait-text.tsx'

interface Props {
  cell: CellView
  /** The place of the first job in the queue of the host. */
  next: QueueEntry | undefined
  at: Date
}

/** The running and waiting jobs of the cell. */
export function NextRun({ cell: { project, open, planned }, next, at }: Props) {
  const [first, ...others] = open
  return (
    <section aria-label="Next run">
      <h2>Next run</h2>
      {first ? (
        <p>
          <OpenRunLine project={project} run={first} at={at} />{' '}
          {next?.reason && <WaitText reason={next.reason} at={at} />}
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

function OpenRunLine({ project, run, at }: { project: string; run: OpenRun; at: Date }) {
  const { jobId, buildId, commit, state, since } = run
  return (
    <>
      <Link class={`mark ${state}`} to={`/jobs/${jobId}`}>
        {statusLabel[state]}
      </Link>{' '}
      for <Since from={since} at={at} />: <CommitLink project={project} commit={commit} /> of{' '}
      <Link to={`/builds/${buildId}`}>build {buildId}</Link>.
    </>
  )
}
