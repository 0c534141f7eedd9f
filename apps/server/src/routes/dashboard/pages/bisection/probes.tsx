import type { BisectionView, ProbePurpose, ProbeView } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { Link } from '../../components/links.tsx'
import { duration } from '../../components/times.ts'
import { shownDigits } from './commits.tsx'
import { VerdictMark } from './verdict-mark.tsx'

const purposes: Record<ProbePurpose, string> = {
  'good-end': 'last good commit again',
  'bad-end': 'bad commit again',
  search: 'search',
  repeat: 'repeat a failure',
  confirm: 'confirm',
  'other-cell': 'another cell',
}

/** The runs, newest first, each with its verdict, its cost and its job. */
export const ProbeTable = ({ bisection, at }: { bisection: BisectionView; at: Date }) => (
  <table class="list">
    <caption class="hidden-text">Runs of the bisection, newest first</caption>
    <thead>
      <tr>
        <th scope="col">Run</th>
        <th scope="col">Commit</th>
        <th scope="col">Purpose</th>
        <th scope="col">Verdict</th>
        <th scope="col">Duration</th>
        <th scope="col">Job</th>
        <th scope="col">Finished</th>
      </tr>
    </thead>
    <tbody>
      {[...bisection.probes].reverse().map(probe => (
        <ProbeRow project={bisection.project} probe={probe} at={at} />
      ))}
    </tbody>
  </table>
)

const ProbeRow = ({ project, probe, at }: { project: string; probe: ProbeView; at: Date }) => (
  <tr>
    <th scope="row">{probe.number}</th>
    <td>
      <CommitLink project={project} commit={probe.commit} digits={shownDigits} />
    </td>
    <td>
      {probe.purpose === null ? 'result of another build' : purposes[probe.purpose]}
      {probe.cell > 0 && ` (${probe.host} ${probe.arch} ${probe.variant})`}
    </td>
    <td>
      <VerdictMark probe={probe} /> <small>{probe.reason}</small>
    </td>
    <td>{probe.purpose === null || probe.verdict === null ? '' : duration(probe.costMs)}</td>
    <td>
      <Link to={`/jobs/${probe.jobId}`}>job {probe.attempt}</Link>
    </td>
    <td>{probe.endedAt && <Ago from={probe.endedAt} at={at} />}</td>
  </tr>
)
