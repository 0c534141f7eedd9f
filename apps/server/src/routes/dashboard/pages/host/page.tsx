import { type AlertState, type HostView, type JobSummary, permitsForks, type Queue } from '@rumpfarm/farm'
import { Ago, Moment } from '../../components/ago.tsx'
import { type Fact, Facts } from '../../components/facts.tsx'
import { hostFeedPath } from '../../components/feed-paths.ts'
import { FollowLink } from '../../components/follow-link.tsx'
import { HostStatus } from '../../components/host-status.tsx'
import { JobTable } from '../../components/job-table.tsx'
import { renderPage } from '../../components/layout.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { diskSpace, duration } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'
import { HostActions } from './actions.tsx'
import { HostAdvice } from './advice.tsx'
import { AlertForms } from './alert.tsx'
import { HostQueue } from './queue.tsx'

export interface HostPage {
  visit: Visit
  host: HostView
  /** The newest jobs that have ended. */
  jobs: readonly JobSummary[]
  /** The jobs that run or wait. */
  queue: Queue
  /** The version of the agent that the server offers; null if the host already runs this version. */
  offered: string | null
  /** The alert of the host, for administrators; undefined while alerts are off. */
  alert: AlertState | undefined
}

export const renderHostPage = ({ visit, host, jobs, queue, offered, alert }: HostPage): string =>
  renderPage({
    title: `Host ${host.name}`,
    visit,
    live: true,
    feeds: [{ title: `What changed on the host ${host.name}`, path: hostFeedPath(host.name) }],
    children: (
      <>
        <h1>{host.name}</h1>
        <p class="lead">
          {host.system || 'The host has not reported its system yet.'} <HostStatus host={host} at={visit.at} />
        </p>
        <HostAdvice host={host} />
        <FollowLink visit={visit} what={host.name} host={host.name} />
        <HostQueue host={host.name} queue={queue} at={visit.at} />
        <Facts rows={summaryRows(host, offered, visit.at)} />
        {visit.admin && <HostActions visit={visit} host={host} />}
        {visit.admin && <AlertForms visit={visit} host={host.name} alert={alert} />}
        <h2>Architectures</h2>
        <ArchTable host={host} />
        <OwnerRules host={host} />
        <h2>Recent jobs</h2>
        <RecentJobs host={host.name} jobs={jobs} at={visit.at} />
        <details>
          <summary>Host facts</summary>
          <Facts rows={factRows(host)} wide />
        </details>
      </>
    ),
  })

function summaryRows(host: HostView, offered: string | null, at: Date): Fact[] {
  const { facts } = host
  return [
    ['CPUs', facts.ncpu ?? ''],
    ['Memory', facts.mem_mb ? `${facts.mem_mb} MB` : ''],
    ['Free disk', diskSpace(host.diskFreeMb)],
    ['Parallel jobs', String(host.slots)],
    ['Cache', facts.cache_mb ? `at most ${facts.cache_mb} MB` : 'none'],
    ['Usual job', host.usualJobMs === null ? '' : usualJob(host.usualJobMs, host.slow)],
    ['Agent', [host.agentVersion, facts.client, facts.shell].filter(Boolean).join(', ')],
    ...updateRows(host, offered),
    ['Not removed', facts.left_over ? `${facts.left_over}: remove it by hand` : ''],
    ['Enrolled', <Moment time={host.enrolledAt} />],
    ['Last seen', <Ago from={host.lastSeenAt} at={at} />],
  ]
}

const usualJob = (milliseconds: number, slow: boolean): string =>
  `${duration(milliseconds)}${slow ? '. The host is slow: of several waiting builds of a cell and branch, only the newest runs, unless farm.yaml says otherwise' : ''}`

function updateRows({ facts, updateFailed }: HostView, offered: string | null): Fact[] {
  if (offered === null) return []
  const refused = facts.updates === 'no' ? ' (host.conf turns updates off)' : ''
  return [
    ['Available agent', `${offered}${refused}`],
    ['Update failed', updateFailed ?? ''],
  ]
}

const factRows = ({ facts }: HostView): Fact[] =>
  Object.entries(facts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, value || 'none'])

function ArchTable({ host: { name, arches } }: { host: HostView }) {
  if (arches.length === 0)
    return <p class="empty">None. The host's configuration file declares no architecture, so the host gets no jobs.</p>
  const label = `Architectures of ${name}`
  return (
    <ScrollFrame label={label}>
      <table class="list">
        <caption class="hidden-text">{label}</caption>
        <thead>
          <tr>
            <th scope="col">Architecture</th>
            <th scope="col">Build type</th>
            <th scope="col">Compiler</th>
          </tr>
        </thead>
        <tbody>
          {arches.map(({ arch, kind, compiler, unable }) => (
            <tr>
              <th scope="row">{arch}</th>
              <td>{kind}</td>
              <td>{unable === null ? compiler || 'unknown' : <em class="error">cannot build: {unable}</em>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  )
}

/** Shows the allow and deny lines of the host's host.conf. */
function OwnerRules({ host: { rules, name } }: { host: HostView }) {
  if (rules.length === 0) return null
  const onlyAllowed = rules.some(({ verb }) => verb === 'allow')
  const ofForks = permitsForks(rules) ? 'It also runs code from forks.' : 'It does not run code from forks.'
  return (
    <>
      <h2>Owner's rules</h2>
      <p>
        {onlyAllowed
          ? 'The host runs only the jobs that an allow line names and no deny line names.'
          : 'The host runs all jobs except those that a deny line names.'}{' '}
        {name} itself refuses all other jobs. {ofForks}
      </p>
      <ul>
        {rules.map(({ verb, project, branches }) => (
          <li>
            <code>{verb === 'allow-forks' ? 'allow forks' : [verb, project, ...branches].join(' ')}</code>
          </li>
        ))}
      </ul>
    </>
  )
}

function RecentJobs({ host, jobs, at }: { host: string; jobs: readonly JobSummary[]; at: Date }) {
  if (jobs.length === 0) return <p class="empty">No jobs yet.</p>
  const label = `Recent jobs of ${host}`
  return (
    <ScrollFrame label={label}>
      <JobTable jobs={jobs} at={at} caption={label} leaveOut="host" />
    </ScrollFrame>
  )
}
