import type { CellRun } from '@rumpfarm/farm'
import { Ago } from '../../components/ago.tsx'
import { CommitLink } from '../../components/commit-link.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { duration } from '../../components/times.ts'
import { runPath, runWords } from './strip.tsx'

/** The runs as a table, newest commit first. It is the text of the plot. */
export const RunTable = ({ project, runs, at }: { project: string; runs: readonly CellRun[]; at: Date }) => (
  <details>
    <summary>Runs as a table</summary>
    <ScrollFrame label="Runs">
      <table class="list">
        <caption class="hidden-text">Runs, newest commit first</caption>
        <thead>
          <tr>
            <th scope="col">Commit</th>
            <th scope="col">Status</th>
            <th scope="col">Duration</th>
            <th scope="col">Build</th>
            <th scope="col">Finished</th>
            <th scope="col">Compiler</th>
          </tr>
        </thead>
        <tbody>
          {runs.map(run => (
            <RunRow project={project} run={run} at={at} />
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  </details>
)

const purposes: Record<string, string> = { retry: 'run again', confirm: 'confirming run', lost: 'after a lost run' }

function RunRow({ project, run, at }: { project: string; run: CellRun; at: Date }) {
  const { commit, verdict, failedStep, milliseconds, buildId, finishedAt, compiler, purpose } = run
  return (
    <tr>
      <th scope="row">
        <CommitLink project={project} commit={commit} />
      </th>
      <td>
        <Link class={`mark ${verdict}`} to={runPath(run)}>
          {runWords(run)}
          {verdict !== 'passed' && failedStep !== null && ` at ${failedStep}`}
        </Link>
        {purposes[purpose] !== undefined && <small>{purposes[purpose]}</small>}
      </td>
      <td>{milliseconds === null ? '' : duration(milliseconds)}</td>
      <td>
        <Link to={`/builds/${buildId}`}>#{buildId}</Link>
      </td>
      <td>
        <Ago from={finishedAt} at={at} />
      </td>
      <td>
        <small>{compiler ?? ''}</small>
      </td>
    </tr>
  )
}
