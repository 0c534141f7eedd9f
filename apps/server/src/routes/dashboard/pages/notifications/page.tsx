import type { ChannelView, NotificationView } from '@rumpfarm/farm'
import type { ComponentChild } from 'preact'
import { Ago } from '../../components/ago.tsx'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { CsrfField, Form, Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'
import { counted } from '../../components/status.ts'
import type { Visit } from '../../visit.ts'

export interface NotificationsPage {
  visit: Visit
  notifications: readonly NotificationView[]
  channels: readonly ChannelView[]
  /** The cursor of the next page; undefined on the last page. */
  before: number | undefined
}

export function renderNotificationsPage({ visit, notifications, channels, before }: NotificationsPage): string {
  return renderPage({
    title: 'Notifications',
    visit,
    children: (
      <>
        <h1>Notifications</h1>
        <h2>Channels</h2>
        {channels.length === 0 ? (
          <p class="empty">
            No channels yet. Add <code>notify</code> to farm.yaml: the page docs/notifications.md has examples.
          </p>
        ) : (
          <Channels visit={visit} channels={channels} />
        )}
        <h2>Messages</h2>
        {notifications.length === 0 ? (
          <p class="empty">The farm has no messages yet.</p>
        ) : (
          <Messages visit={visit} notifications={notifications} />
        )}
        {before !== undefined && (
          <p>
            <Link rel="next" to={`/notifications?before=${before}`}>
              Older messages →
            </Link>
          </p>
        )}
      </>
    ),
  })
}

const kinds: Record<string, string> = {
  mail: 'Mail',
  irc: 'IRC',
  slack: 'Slack',
  mattermost: 'Mattermost',
  discord: 'Discord',
  matrix: 'Matrix',
  ntfy: 'ntfy',
  webhook: 'Webhook',
  authors: 'Mail to authors',
}
const kindOf = (kind: string): string => kinds[kind] ?? kind

const Channels = ({ visit, channels }: { visit: Visit; channels: readonly ChannelView[] }) => (
  <ScrollFrame label="Channels">
    <table class="list">
      <caption class="hidden-text">Channels of farm.yaml</caption>
      <thead>
        <tr>
          <th scope="col">Channel</th>
          <th scope="col">Messages</th>
          <th scope="col">Status</th>
          <th scope="col">Test</th>
        </tr>
      </thead>
      <tbody>
        {channels.map(channel => (
          <tr>
            <th scope="row">
              {kindOf(channel.kind)}: {channel.label}
            </th>
            <td>
              {channel.rules.slice(0, rulesMax).map(rule => (
                <div>{ruleText(rule)}</div>
              ))}
              {channel.rules.length > rulesMax && (
                <div>and {counted(channel.rules.length - rulesMax, 'more rule')}</div>
              )}
            </td>
            <td>
              {channel.disabledAt === null ? (
                'Active'
              ) : (
                <em class="error">Disabled: {channel.failure}. A test that arrives enables it again.</em>
              )}
            </td>
            <td>{channel.kind !== 'authors' && <TestForm visit={visit} channel={channel} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)

const TestForm = ({ visit, channel: { key, kind, label } }: { visit: Visit; channel: ChannelView }) => (
  <Form class="action" to={`/notifications/channels/${segment(key)}/test`}>
    <CsrfField visit={visit} />
    <button type="submit" aria-label={`Send a test to ${kindOf(kind)}: ${label}`}>
      Send a test
    </button>
  </Form>
)

const rulesMax = 10

const ruleText = ({ project, events, branches }: ChannelView['rules'][number]): string =>
  `${project ?? 'All projects'}${branches === null ? '' : ` (${branches.join(', ')})`}: ${events.join(', ')}`

const Messages = ({ visit, notifications }: { visit: Visit; notifications: readonly NotificationView[] }) => (
  <ScrollFrame label="Messages">
    <table class="list">
      <caption class="hidden-text">Messages, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Message</th>
          <th scope="col">About</th>
          <th scope="col">Channel</th>
          <th scope="col">Status</th>
          <th scope="col">Created</th>
        </tr>
      </thead>
      <tbody>
        {notifications.map(notification => (
          <tr>
            <th scope="row">
              {notification.id} {events[notification.event]}
            </th>
            <td>
              <About notification={notification} />
            </td>
            <td>
              {kindOf(notification.channelKind)}: {notification.channelLabel}
            </td>
            <td>
              <State visit={visit} notification={notification} />
            </td>
            <td>
              <Ago from={notification.createdAt} at={visit.at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollFrame>
)

const events: Record<NotificationView['event'], string> = {
  'newly-failing': 'newly failing',
  fixed: 'fixed',
  'still-failing': 'still failing',
  build: 'build complete',
  bisected: 'bisected',
  'host-silent': 'host is silent',
  'host-back': 'host is back',
  test: 'test',
  confirm: 'confirm a subscription',
}

function About({ notification: { project, branch, build, bisection, host } }: { notification: NotificationView }) {
  const parts: ComponentChild[] = []
  if (project !== null)
    parts.push(
      <Link to={`/projects/${segment(project)}`}>
        {project} {branch ?? ''}
      </Link>,
    )
  if (host !== null) parts.push(<Link to={`/hosts/${segment(host)}`}>{host}</Link>)
  if (build !== null) parts.push(<Link to={`/builds/${build}`}>build {build}</Link>)
  if (bisection !== null) parts.push(<Link to={`/bisections/${bisection}`}>bisection {bisection}</Link>)
  return (
    <>
      {parts.map(part => (
        <>{part} </>
      ))}
    </>
  )
}

function State({ visit, notification }: { visit: Visit; notification: NotificationView }) {
  const { id, state, deliveredAt, failure, note, tries } = notification
  if (state === 'delivered' && deliveredAt)
    return (
      <>
        Delivered <Ago from={deliveredAt} at={visit.at} />
      </>
    )
  if (state === 'waiting') return <>Waiting</>
  if (state === 'not-sent') return <>Not sent: {note}</>
  return (
    <>
      <em class="error">
        {state === 'failed' ? 'Not delivered' : 'Not delivered yet, retrying'}: {failure} (
        {counted(tries, 'try', 'tries')})
      </em>
      <Form class="action" to={`/notifications/${id}/retry`}>
        <CsrfField visit={visit} />
        <button type="submit" aria-label={`Retry message ${id}`}>
          Retry
        </button>
      </Form>
    </>
  )
}
