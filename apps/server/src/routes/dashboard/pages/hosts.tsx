import type { AlertState, HostView, JobSummary } from '@rumpfarm/farm'
import { segment } from '../components/html.ts'
import { Ago, Csrf, drawPage, Frame, type Visit } from '../components/layout.tsx'
import { A, Form } from '../components/links.tsx'
import { Facts, HostLink, JobTable } from '../components/tables.tsx'
import { moment } from '../components/times.ts'

export function drawHostsPage(visit: Visit, hosts: readonly HostView[], after?: string): string {
  return drawPage({
    title: 'Hosts',
    visit,
    live: true,
    children: (
      <>
        <h1>Hosts</h1>
        {visit.admin && (
          <p>
            <A to="/hosts/new">Invite a host</A>
          </p>
        )}
        {hosts.length === 0 ? (
          <p class="empty">
            None yet. <code>./farm host invite NAME</code> prints the line that makes a machine a host.
          </p>
        ) : (
          <Frame label="Hosts of this farm">
            <HostTable hosts={hosts} at={visit.at} />
          </Frame>
        )}
        {after !== undefined && (
          <p>
            <A rel="next" to={`/hosts?after=${segment(after)}`}>
              More hosts →
            </A>
          </p>
        )}
      </>
    ),
  })
}

function HostTable({ hosts, at }: { hosts: readonly HostView[]; at: Date }) {
  return (
    <table class="list">
      <caption class="vh">Hosts of this farm</caption>
      <thead>
        <tr>
          <th scope="col">Host</th>
          <th scope="col">Is</th>
          <th scope="col">System</th>
          <th scope="col">Builds for</th>
          <th scope="col">CPUs</th>
          <th scope="col">Disk free</th>
          <th scope="col">Agent</th>
        </tr>
      </thead>
      <tbody>
        {hosts.map(host => (
          <tr>
            <th scope="row">
              <HostLink name={host.name} />
            </th>
            <td>
              <PresenceLine host={host} at={at} />
            </td>
            <td>{host.system}</td>
            <td>{host.arches.map(archWords).join(', ')}</td>
            <td>{host.facts.ncpu ?? ''}</td>
            <td>{megabytes(host.diskFreeMb)}</td>
            <td>{host.agentVersion}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const archWords = ({ arch, kind, unable }: HostView['arches'][number]) =>
  [arch, kind === 'cross' ? ' (cross)' : '', unable === null ? '' : ' (cannot now)'].join('')

const megabytes = (count: number | null) =>
  count === null ? '' : count < 10_000 ? `${count} MB` : `${Math.round(count / 1000)} GB`

function PresenceLine({ host, at }: { host: HostView; at: Date }) {
  const { presence, awaySince, silentSince, pausedAt, refusal } = host
  const since =
    presence === 'away' ? awaySince : presence === 'silent' ? silentSince : presence === 'paused' ? pausedAt : null
  return (
    <>
      <em class={presence}>
        {presence} {since && <Ago from={since} at={at} />}
      </em>
      {refusal !== null && <em class="no"> takes no work: {refusal}</em>}
    </>
  )
}

export interface HostPage {
  visit: Visit
  host: HostView
  jobs: readonly JobSummary[]
  /** The agent that the farm offers to it, if it has another. */
  offered: string | null
  /** For administrators: who is told when it falls silent. */
  alert: AlertState | undefined
}

export function drawHostPage({ visit, host, jobs, offered, alert }: HostPage): string {
  return drawPage({
    title: `Host ${host.name}`,
    visit,
    live: true,
    children: (
      <>
        <h1>{host.name}</h1>
        <p class="lead">
          {host.system || 'It has not said yet what it is.'} <PresenceLine host={host} at={visit.at} />
        </p>
        <Advice host={host} />
        <About host={host} offered={offered} at={visit.at} />
        {visit.admin && <HostActions visit={visit} host={host} />}
        {visit.admin && <AlertForm visit={visit} host={host} alert={alert} />}
        <h2>Builds for</h2>
        <ArchTable host={host} />
        <Rules host={host} />
        <h2>Recent jobs</h2>
        {jobs.length === 0 ? (
          <p class="empty">It has had none.</p>
        ) : (
          <Frame label={`Recent jobs of ${host.name}`}>
            <JobTable jobs={jobs} at={visit.at} caption={`Recent jobs of ${host.name}`} leaveOut="host" />
          </Frame>
        )}
        <Tools host={host} />
      </>
    ),
  })
}

/** What its owner can do when it takes no work. */
function Advice({ host: { presence, refusal, name } }: { host: HostView }) {
  if (presence === 'silent')
    return (
      <p class="advice">
        It did not say goodbye: it is down, has lost its network, or its agent was killed. Its jobs go on there and
        their logs arrive when it is back. Start the agent again on {name}.
      </p>
    )
  if (presence === 'away') return <p class="advice">Its owner stopped the agent; its jobs wait for it.</p>
  if (presence === 'paused')
    return <p class="advice">An administrator paused it: it finishes what it has and takes nothing new.</p>
  if (refusal?.startsWith('agent too old'))
    return (
      <p class="advice">
        What it runs now goes on to its end; further jobs wait for a newer agent. An agent that knows of updates takes
        the one that the farm offers by itself; an older one is enrolled anew, with a new line.
      </p>
    )
  if (refusal?.startsWith('host-conf'))
    return (
      <p class="advice">
        Mend that in its host.conf; <code>agent.sh check</code> explains what it makes of the file.
      </p>
    )
  if (refusal?.startsWith('disk-full'))
    return <p class="advice">Make room below its work directory; it takes work again within a minute.</p>
  return null
}

function About({ host, offered, at }: { host: HostView; offered: string | null; at: Date }) {
  const { facts } = host
  const rows: [string, string][] = [
    ['CPUs', facts.ncpu ?? ''],
    ['Memory', facts.mem_mb ? `${facts.mem_mb} MB` : ''],
    ['Disk free', megabytes(host.diskFreeMb)],
    ['Jobs at once', String(host.slots)],
    ['Agent', [host.agentVersion, facts.client, facts.shell].filter(Boolean).join(', ')],
    ...updateRows(host, offered),
    ['Not removed', facts.left_over ? `${facts.left_over}: remove it by hand` : ''],
    ['Enrolled', moment(host.enrolledAt)],
  ]
  return (
    <Facts rows={rows}>
      <div>
        <dt>Heard</dt>
        <dd>
          <Ago from={host.lastSeenAt} at={at} /> ago
        </dd>
      </div>
    </Facts>
  )
}

function updateRows({ facts, updateFailed }: HostView, offered: string | null): [string, string][] {
  if (offered === null) return []
  const refused = facts.updates === 'no' ? ': its owner refuses updates (host.conf)' : ''
  return [
    ['Agent offered', `${offered}${refused}`],
    ...(updateFailed === null ? [] : ([['Update failed', updateFailed]] as [string, string][])),
  ]
}

function ArchTable({ host }: { host: HostView }) {
  if (host.arches.length === 0)
    return <p class="empty">Nothing: its configuration file declares no architecture, so no job is planned for it.</p>
  return (
    <Frame label={`Architectures of ${host.name}`}>
      <table class="list">
        <caption class="vh">Architectures {host.name} builds for</caption>
        <thead>
          <tr>
            <th scope="col">Architecture</th>
            <th scope="col">How</th>
            <th scope="col">Compiler</th>
          </tr>
        </thead>
        <tbody>
          {host.arches.map(({ arch, kind, compiler, unable }) => (
            <tr>
              <th scope="row">{arch}</th>
              <td>{kind}</td>
              <td>{unable === null ? compiler || 'not named' : <em class="no">cannot build for it: {unable}</em>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Frame>
  )
}

/** What its owner allows: the lines of its host.conf. */
function Rules({ host: { rules, name } }: { host: HostView }) {
  if (rules.length === 0) return null
  return (
    <>
      <h2>What its owner allows</h2>
      <p>
        {rules.some(({ verb }) => verb === 'allow') ? 'Only what an allow line names' : 'Everything'}, but nothing that
        a deny line names. {name} itself refuses anything else.
      </p>
      <ul>
        {rules.map(({ verb, project, branches }) => (
          <li>
            <code>
              {verb} {project} {branches.join(' ')}
            </code>
          </li>
        ))}
      </ul>
    </>
  )
}

function Tools({ host: { facts } }: { host: HostView }) {
  const tools = Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1))
  return (
    <details>
      <summary>All that it says of itself</summary>
      <dl class="facts wide">
        {tools.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value || 'none'}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

function HostActions({ visit, host }: { visit: Visit; host: HostView }) {
  const verb = host.pausedAt ? 'resume' : 'pause'
  return (
    <div class="actions">
      <Form to={`/hosts/${segment(host.name)}/${verb}`}>
        <Csrf visit={visit} />
        <button type="submit">{verb === 'pause' ? 'Pause: give it nothing new' : 'Resume: let it work again'}</button>
      </Form>
      <details>
        <summary>Remove this host</summary>
        <Form to={`/hosts/${segment(host.name)}/remove`}>
          <Csrf visit={visit} />
          <p>
            Its credential stops working and its jobs are cancelled. Results and logs stay. It can be invited again.
          </p>
          <button type="submit" class="danger">
            Remove {host.name}
          </button>
        </Form>
      </details>
    </div>
  )
}

/** Whom to tell when it falls silent. Of the address only its beginning is shown: the rest is often a secret. */
function AlertForm({ visit, host, alert }: { visit: Visit; host: HostView; alert: AlertState | undefined }) {
  const path = `/hosts/${segment(host.name)}/alert`
  return (
    <details open={alert !== undefined}>
      <summary>{alert ? 'Its owner is told when it falls silent' : 'Tell somebody when it falls silent'}</summary>
      {alert && (
        <Form class="action" to={`${path}/off`}>
          <Csrf visit={visit} />
          <p>
            {alert.origin} <AlertNews alert={alert} at={visit.at} />
          </p>
          <button type="submit">Tell nobody</button>
        </Form>
      )}
      <Form class="action" to={path}>
        <Csrf visit={visit} />
        <label for="url">{alert ? 'Another address' : 'Address that takes a signed POST (Standard Webhooks)'}</label>{' '}
        <input id="url" name="url" type="url" required maxlength={1000} placeholder="https://…" autocomplete="off" />{' '}
        <button type="submit">Tell it</button>
      </Form>
    </details>
  )
}

function AlertNews({ alert: { newest }, at }: { alert: AlertState; at: Date }) {
  if (!newest) return <>has been told nothing yet.</>
  const what = newest.kind === 'host.silent' ? 'that it fell silent' : 'that it is back'
  if (newest.deliveredAt)
    return (
      <>
        was told {what} <Ago from={newest.deliveredAt} at={at} /> ago.
      </>
    )
  const state = newest.gaveUpAt ? 'could not be told' : newest.problem ? 'could not be told yet' : 'is being told'
  return (
    <em class={newest.problem === null ? undefined : 'no'}>
      {state} {what}
      {newest.problem !== null && `: ${newest.problem}`}
    </em>
  )
}

export const drawAlertPage = (visit: Visit, host: string, secret: string): string =>
  drawPage({
    title: `Alerts of ${host}`,
    visit,
    children: (
      <>
        <h1>Alerts of {host}</h1>
        <p>This secret signs them. It is not shown again, and the farm does not keep it where it could be read.</p>
        <pre class="command">{secret}</pre>
        <p>
          <A to={`/hosts/${segment(host)}`}>Back to {host}</A>
        </p>
      </>
    ),
  })
