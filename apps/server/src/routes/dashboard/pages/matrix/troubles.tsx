import type { Matrix, MatrixCell, Trouble } from '@rumpfarm/farm'
import { Since } from '../../components/ago.tsx'
import { Link } from '../../components/links.tsx'
import { counted, shortCommit, statusLabel } from '../../components/status.ts'
import { StatusMark } from '../../components/status-mark.tsx'
import { spread } from './spread.ts'

const troublesShown = 8
const cellsShown = 6

/** The failures of the matrix, in groups of cells that fail in the same way. */
export function Troubles({ matrix: { troubles, at } }: { matrix: Matrix }) {
  if (troubles.length === 0) return null
  return (
    <section class="troubles" aria-label="Failures, newest first">
      <ul>
        {troubles.slice(0, troublesShown).map(trouble => (
          <li>
            <TroubleLine trouble={trouble} at={at} />
          </li>
        ))}
      </ul>
      {troubles.length > troublesShown && (
        <p>… and {counted(troubles.length - troublesShown, 'older group')} of failures in the table below.</p>
      )}
    </section>
  )
}

function TroubleLine({ trouble, at }: { trouble: Trouble; at: Date }) {
  const { project, verdict, step, cells, of, notYet, since, failing } = trouble
  const where = spread(cells.length, of, notYet)
  return (
    <>
      <StatusMark status={verdict}>
        {project} {statusLabel[verdict]}
        {step === null ? '' : ` at ${step}`}
      </StatusMark>{' '}
      for <Since from={since.at} at={at} />, since <Link to={`/builds/${since.buildId}`}>build {since.buildId}</Link> (
      <code>{shortCommit(since.commit)}</code>)
      {failing.buildId !== since.buildId && `, with different failures since build ${failing.buildId}`}
      {where === '' ? '' : `, ${where}`}:{' '}
      {cells.slice(0, cellsShown).map((cell, index) => (
        <>
          {index > 0 && ', '}
          <CellLink cell={cell} />
        </>
      ))}
      {cells.length > cellsShown && `, and ${cells.length - cellsShown} more`}
    </>
  )
}

const CellLink = ({ cell: { host, arch, variant, last } }: { cell: MatrixCell }) => (
  <Link to={`/jobs/${last?.jobId}`}>
    {host} {arch}
    {variant === 'default' ? '' : ` ${variant}`}
  </Link>
)
