import type { HostView } from '@rumpfarm/farm'
import { segment } from '../../components/escape.ts'
import { HostLink } from '../../components/host-link.tsx'
import { HostStatus } from '../../components/host-status.tsx'
import { renderPage } from '../../components/layout.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { SearchForm } from '../../components/search-form.tsx'
import { diskSpace } from '../../components/times.ts'
import type { Visit } from '../../visit.ts'

export interface HostsPage {
  visit: Visit
  hosts: readonly HostView[]
  /** If set, only hosts whose name or system contains this text. */
  text: string | undefined
  /** The cursor of the next page; undefined on the last page. */
  after: string | undefined
}

export const renderHostsPage = ({ visit, hosts, text, after }: HostsPage): string =>
  renderPage({
    title: 'Hosts',
    visit,
    live: true,
    children: (
      <>
        <h1>Hosts</h1>
        {visit.admin && (
          <p>
            <Link to="/hosts/new">Invite a host</Link>
          </p>
        )}
        <SearchForm to="/hosts" label="Host or system" text={text} />
        {hosts.length === 0 && text ? (
          <p class="empty">
            No host has {text} in its name or system. <Link to="/hosts">All hosts</Link>
          </p>
        ) : hosts.length === 0 ? (
          <p class="empty">
            No hosts yet. <code>./farm host invite NAME</code> prints the command that makes a machine a host.
          </p>
        ) : (
          <ScrollFrame label="Hosts">
            <HostTable hosts={hosts} at={visit.at} />
          </ScrollFrame>
        )}
        {after !== undefined && (
          <p>
            <Link rel="next" to={`/hosts?${text ? `q=${segment(text)}&` : ''}after=${segment(after)}`}>
              More hosts →
            </Link>
          </p>
        )}
      </>
    ),
  })

const HostTable = ({ hosts, at }: { hosts: readonly HostView[]; at: Date }) => (
  <table class="list">
    <caption class="hidden-text">Hosts</caption>
    <thead>
      <tr>
        <th scope="col">Host</th>
        <th scope="col">Status</th>
        <th scope="col">System</th>
        <th scope="col">Architectures</th>
        <th scope="col">CPUs</th>
        <th scope="col">Free disk</th>
        <th scope="col">Agent</th>
      </tr>
    </thead>
    <tbody>
      {hosts.map(host => (
        <HostRow host={host} at={at} />
      ))}
    </tbody>
  </table>
)

const HostRow = ({ host, at }: { host: HostView; at: Date }) => (
  <tr>
    <th scope="row">
      <HostLink name={host.name} />
    </th>
    <td>
      <HostStatus host={host} at={at} />
    </td>
    <td>{host.system}</td>
    <td>
      <Arches arches={host.arches} />
    </td>
    <td>{host.facts.ncpu ?? ''}</td>
    <td>{diskSpace(host.diskFreeMb)}</td>
    <td>{host.agentVersion}</td>
  </tr>
)

/** First the arches that the host itself has, then those for which it has a cross compiler. */
function Arches({ arches }: Pick<HostView, 'arches'>) {
  const [cross, own] = [arches.filter(({ kind }) => kind === 'cross'), arches.filter(({ kind }) => kind !== 'cross')]
  return (
    <>
      {own.map(archLabel).join(', ')}
      {own.length > 0 && cross.length > 0 && ' · '}
      {cross.length > 0 && <small>cross: {cross.map(archLabel).join(', ')}</small>}
    </>
  )
}

const archLabel = ({ arch, unable }: HostView['arches'][number]): string =>
  unable === null ? arch : `${arch} (unavailable)`
