import type { BuildEffects, JobEffect } from '@rumpfarm/farm'
import { CommitLink } from '../../components/commit-link.tsx'
import { Link } from '../../components/links.tsx'
import { SourceChanges } from '../../components/source-changes.tsx'
import { counted } from '../../components/status.ts'
import { duration } from '../../components/times.ts'

type Effect = JobEffect['effect']

/** The lists of the page, in order. The first ones are open. */
const lists: readonly { effect: Effect; status: string; title: string; open: boolean }[] = [
  { effect: 'broke', status: 'failed', title: 'Broke', open: true },
  { effect: 'fixed', status: 'passed', title: 'Fixed', open: true },
  { effect: 'failing-differently', status: 'failed', title: 'Fails differently', open: true },
  { effect: 'first-failure', status: 'failed', title: 'Fails, without an earlier result', open: true },
  { effect: 'flaky', status: 'known-failure', title: 'Flaky at this commit or at the commit before', open: false },
  { effect: 'still-failing', status: 'known-failure', title: 'Still fails', open: false },
]

/** What the build broke and fixed. */
export function Effects({ project, effects }: { project: string; effects: BuildEffects }) {
  const { branch, previous, jobs } = effects
  const shown = lists.map(list => ({ ...list, jobs: jobs.filter(({ effect }) => effect === list.effect) }))
  return (
    <section aria-label="What this build broke and fixed">
      <h2>{headline(jobs)}</h2>
      <p>
        {previous ? (
          <>
            Compared with the newest earlier results on branch {branch}. The build before is{' '}
            <Link to={`/builds/${previous.buildId}`}>build {previous.buildId}</Link> (
            <CommitLink project={project} commit={previous.commit} />
            ).
          </>
        ) : branch === null ? (
          'No branch has this commit yet, so the farm compares it with no earlier commit.'
        ) : (
          `This is the first built commit of branch ${branch}.`
        )}
      </p>
      {shown
        .filter(list => list.jobs.length > 0)
        .map(({ title, status, open, jobs: found }) => (
          <details open={open} class="effects">
            <summary>
              <span class={`mark ${status}`}>
                {title}: {counted(found.length, 'cell')}
              </span>
            </summary>
            <EffectList jobs={found} />
          </details>
        ))}
    </section>
  )
}

const groupsShown = 20
const cellsShown = 30

/** One entry for each failure, with its cells. */
function EffectList({ jobs }: { jobs: readonly JobEffect[] }) {
  const groups = groupsOf(jobs)
  return (
    <ul class="commits">
      {groups.slice(0, groupsShown).map(group => (
        <li>
          <FailureOf job={group[0]} />
          {group.slice(0, cellsShown).map((job, index) => (
            <>
              {index > 0 && ', '}
              <CellOf job={job} />
            </>
          ))}
          {group.length > cellsShown && `, and ${group.length - cellsShown} more`}
        </li>
      ))}
      {groups.length > groupsShown && <li>… and {groups.length - groupsShown} more in the table of the jobs.</li>}
    </ul>
  )
}

/** The jobs with equal steps and errors, in the order of their first job. */
function groupsOf(jobs: readonly JobEffect[]): JobEffect[][] {
  const groups = new Map<string, JobEffect[]>()
  for (const job of jobs) {
    const key = `${job.failedStep}\n${job.message}`
    const others = groups.get(key)
    if (others) others.push(job)
    else groups.set(key, [job])
  }
  return [...groups.values()]
}

function FailureOf({ job }: { job: JobEffect | undefined }) {
  if (!job || job.failedStep === null) return null
  return (
    <>
      at {job.failedStep}
      {job.message !== null && (
        <>
          : <code>{job.message}</code>
        </>
      )}
      <br />
    </>
  )
}

const CellOf = ({ job: { jobId, host, arch, variant } }: { job: JobEffect }) => (
  <Link to={`/jobs/${jobId}`}>
    {host} {arch}
    {variant === 'default' ? '' : ` ${variant}`}
  </Link>
)

function headline(jobs: readonly JobEffect[]): string {
  const count = (effect: Effect) => jobs.filter(job => job.effect === effect).length
  const parts = [
    [count('broke'), 'broke'],
    [count('fixed'), 'fixed'],
  ].flatMap(([number, verb]) => (number === 0 ? [] : [`${verb} ${counted(Number(number), 'cell')}`]))
  return parts.length === 0 ? 'Broke and fixed nothing so far' : capitalized(parts.join(', '))
}

const capitalized = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** The commits of every source since the previous build. */
export function ChangesSincePrevious({ effects: { previous, sources }, at }: { effects: BuildEffects; at: Date }) {
  if (!previous) return null
  return (
    <section aria-label="Commits since the previous build">
      <h2>
        Commits since <Link to={`/builds/${previous.buildId}`}>build {previous.buildId}</Link>
      </h2>
      {sources.length === 0 ? <p>No source changed.</p> : <SourceChanges changes={sources} at={at} />}
    </section>
  )
}

const slowerShare = 1.5
const slowerShown = 10

/** The jobs that took much longer than usual. */
export function SlowJobs({ effects: { jobs } }: { effects: BuildEffects }) {
  const slow = jobs
    .flatMap(job =>
      job.milliseconds !== null && job.expectedMs !== null && job.milliseconds > slowerShare * job.expectedMs
        ? [{ ...job, share: job.milliseconds / job.expectedMs, took: job.milliseconds, usual: job.expectedMs }]
        : [],
    )
    .sort((one, other) => other.share - one.share)
  if (slow.length === 0) return null
  return (
    <details>
      <summary>{counted(slow.length, 'job')} took more than 1.5 times the median of the last passes</summary>
      <ul class="commits">
        {slow.slice(0, slowerShown).map(({ jobId, host, arch, variant, took, usual, share }) => (
          <li>
            <Link to={`/jobs/${jobId}`}>
              {host} {arch}
              {variant === 'default' ? '' : ` ${variant}`}
            </Link>
            : {duration(took)} instead of {duration(usual)} ({share.toFixed(1)} times)
          </li>
        ))}
      </ul>
    </details>
  )
}
