import type { BisectionView, Doubt } from '@rumpfarm/farm'
import { CommitLink } from '../../components/commit-link.tsx'
import { VerdictMark } from './verdict-mark.tsx'

/** Enough digits for a person to recognise a commit. */
export const shownDigits = 10

const doubts: Record<Doubt, string> = {
  merge: 'a merge',
  documentation: 'only documentation',
  'other-arch': 'only another architecture',
  comments: 'only comments',
}

/** The commits of the range, newest first, with the result of each. */
export function CommitTable({ bisection }: { bisection: BisectionView }) {
  const rows = [...bisection.commits].reverse()
  return (
    <table class="list">
      <caption class="hidden-text">Commits of the range, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Commit</th>
          <th scope="col">Result</th>
          <th scope="col">Author</th>
          <th scope="col">Subject</th>
          <th scope="col">Weight</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ position, commit, author, subject, weight, doubt }) => (
          <tr>
            <th scope="row">
              <CommitLink project={bisection.project} commit={commit} digits={shownDigits} />
            </th>
            <td>
              <Result bisection={bisection} position={position} />
            </td>
            <td>{author}</td>
            <td>
              {subject}
              {doubt && <small> ({doubts[doubt]})</small>}
            </td>
            <td>{weight}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">
            <CommitLink project={bisection.project} commit={bisection.goodCommit} digits={shownDigits} />
          </th>
          <td>
            <Result bisection={bisection} position={0} />
          </td>
          <td />
          <td>the last good commit</td>
          <td />
        </tr>
      </tbody>
    </table>
  )
}

/** The results of a commit on the cell of the search, such as "failed, failed", and whether it is the answer. */
function Result({ bisection, position }: { bisection: BisectionView; position: number }) {
  const { probes, outcome, high } = bisection
  const own = probes.filter(probe => probe.cell === 0 && probe.position === position)
  return (
    <>
      {own.map(probe => (
        <>
          <VerdictMark probe={probe} />{' '}
        </>
      ))}
      {outcome === 'confirmed' && high === position && <strong>first bad commit</strong>}
    </>
  )
}
