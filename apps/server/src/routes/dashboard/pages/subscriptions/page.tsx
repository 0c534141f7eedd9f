import { notifyEventsDefault } from '@rumpfarm/contracts'
import { eventsOf, type Followed, followedWords, type SubscriptionView } from '@rumpfarm/farm'
import type { ComponentChildren } from 'preact'
import { segment } from '../../components/escape.ts'
import { renderPage } from '../../components/layout.tsx'
import { Form, Link } from '../../components/links.tsx'
import type { Visit } from '../../visit.ts'

const page = (visit: Visit, title: string, children: ComponentChildren): string =>
  renderPage({
    title,
    visit,
    children: (
      <>
        <h1>{title}</h1>
        {children}
      </>
    ),
  })

/** The farm cannot send mail to people, or does not know the address for the links in its mails. */
export const renderNoMailPage = (visit: Visit): string =>
  page(
    visit,
    'Follow by mail',
    <p class="empty">
      This farm cannot send mail to people. Its operator can set <code>SMTP_URL</code>, <code>MAIL_FROM</code> and{' '}
      <code>PUBLIC_URL</code>. The pages of projects, hosts and cells have feeds, which need no mail.
    </p>,
  )

export interface FollowPage {
  visit: Visit
  followed: Followed
  projects: readonly string[]
  mail?: string
  error?: string
}

export const renderFollowPage = ({ visit, followed, projects, mail = '', error }: FollowPage): string =>
  page(
    visit,
    'Follow by mail',
    <>
      <p class="lead">
        The farm sends a mail when something changes. First it sends one mail with a link: it sends no other mail until
        you open this link and confirm.
      </p>
      <Form class="stack" to="/subscriptions">
        <label for="mail">Mail address</label>
        <input
          id="mail"
          name="mail"
          type="email"
          value={mail}
          required
          autocomplete="email"
          aria-describedby={error === undefined ? undefined : 'error'}
          aria-invalid={error === undefined ? undefined : true}
        />
        {error !== undefined && (
          <p id="error" class="error">
            {error}
          </p>
        )}
        <Place followed={followed} projects={projects} />
        <label for="branch">Branch</label>
        <input
          id="branch"
          name="branch"
          value={followed.branch ?? ''}
          placeholder="the branches of farm.yaml"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
        />
        <fieldset>
          <legend>Send a mail when</legend>
          {eventsOf(followed).map(event => (
            <div>
              <label>
                <input type="checkbox" name={`on-${event}`} value="1" checked={isChosen(followed, event)} />{' '}
                {eventWords[event]}
              </label>
            </div>
          ))}
        </fieldset>
        <button type="submit">Send the link</button>
      </Form>
      <p>
        Each mail has a link that ends the messages. The farm forgets an address that nobody confirms within three days.
      </p>
    </>,
  )

/** The form shows the usual events until a person has chosen. */
const isChosen = ({ events, host }: Followed, event: string): boolean =>
  events.length > 0
    ? events.includes(event)
    : [...notifyEventsDefault, ...(host === null ? [] : ['host-silent'])].includes(event)

const eventWords = {
  'newly-failing': 'a build begins to fail',
  fixed: 'it passes again',
  'still-failing': 'it still fails: a summary once a day',
  bisected: 'a bisection has an answer',
  build: 'a build is complete, passed or failed',
  'host-silent': 'the host becomes silent, and when it is back',
}

const Place = ({ followed: { project, host, arch, variant }, projects }: Pick<FollowPage, 'followed' | 'projects'>) => (
  <>
    {host !== null && (
      <p>
        Only on the host <strong>{[host, arch, variant].filter(part => part !== null).join(' ')}</strong>
        {Object.entries({ host, arch, variant }).map(
          ([name, value]) => value !== null && <input type="hidden" name={name} value={value} />,
        )}
      </p>
    )}
    <label for="project">Project</label>
    <select id="project" name="project">
      <option value="">All projects</option>
      {projects.map(name => (
        <option value={name} selected={name === project}>
          {name}
        </option>
      ))}
    </select>
  </>
)

/** The same page for every valid request, so that nobody can find out which addresses the farm knows. */
export const renderRequestedPage = (visit: Visit): string =>
  page(
    visit,
    'Read your mail',
    <>
      <p>
        The farm sends a mail with a link to this address. Open the link within three days and confirm. If no mail
        arrives, the address already has 20 subscriptions, or it received five such mails today.
      </p>
      <p>
        <Link to="/">The matrix</Link>
      </p>
    </>,
  )

export interface SubscriptionPage {
  visit: Visit
  token: string
  subscription: SubscriptionView
}

export const renderSubscriptionPage = ({ visit, token, subscription }: SubscriptionPage): string =>
  page(
    visit,
    'Subscription',
    <>
      <p>
        {subscription.confirmed ? 'You follow' : 'You asked to follow'} <strong>{followedWords(subscription)}</strong>.
        The farm {subscription.confirmed ? 'sends' : 'will send'} a mail when:
      </p>
      <ul>
        {subscription.events.map(event => (
          <li>{eventWords[event as keyof typeof eventWords] ?? event}</li>
        ))}
      </ul>
      {!subscription.confirmed && (
        <Form class="action" to={`/subscriptions/${segment(token)}/confirm`}>
          <button type="submit">Confirm subscription</button>
        </Form>
      )}
      <Form class="action" to={`/subscriptions/${segment(token)}`}>
        <button type="submit">{subscription.confirmed ? 'Unsubscribe' : 'Delete this request'}</button>
      </Form>
    </>,
  )

export const renderUnsubscribedPage = (visit: Visit): string =>
  page(
    visit,
    'Unsubscribed',
    <>
      <p>The farm has deleted this subscription with its address. You receive no further mail about it.</p>
      <p>
        <Link to="/subscriptions">Follow something else</Link>
      </p>
    </>,
  )
