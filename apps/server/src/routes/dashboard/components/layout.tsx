import type { ComponentChild, ComponentChildren } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { client, connection, gridClient, gridStyle, historyStyle, icon, style } from '../assets.ts'
import type { Visit } from '../visit.ts'
import { Moment } from './ago.tsx'
import { RepositoriesProvider } from './commit-link.tsx'
import { type FeedPath, feedPathAs } from './feed-paths.ts'
import { CsrfField, Form, Link, PublicPathProvider } from './links.tsx'

export interface MatrixQuery {
  project?: string | undefined
  branch?: string | undefined
}

export interface FeedLink {
  title: string
  path: FeedPath
}

export interface PageProps {
  title: string
  visit: Visit
  /** If true, the page refreshes itself when the server reports a change. */
  live?: boolean
  /** Without JavaScript, the browser reloads the page after this time. */
  reloadSeconds?: number | undefined
  /** Whether the page has a grid of boxes, which needs its own style sheet and script. */
  grid?: boolean
  /** Whether the page shows runs or commits, which need their own style sheet. */
  history?: boolean
  /** The project and branch of the matrix on the page, for the links to other formats of the matrix. */
  matrix?: MatrixQuery
  children?: ComponentChildren
  /** The feeds of what the page shows, for feed readers. */
  feeds?: readonly FeedLink[]
  /** The content that `renderFragment` has already written, instead of children. */
  html?: string
}

const sections = [
  ['/', 'Matrix'],
  ['/builds', 'Builds'],
  ['/queue', 'Queue'],
  ['/hosts', 'Hosts'],
] as const

export const fullTitle = (title: string): string => `${title} · Rumpfarm`

export const renderPage = (page: PageProps): string =>
  `<!doctype html>\n${renderFragment(page.visit, <Page {...page} />)}`

/** Renders a part of a page, which a live page inserts. */
export const renderFragment = (visit: Pick<Visit, 'publicPath' | 'repositories'>, content: ComponentChild): string =>
  renderToString(
    <PublicPathProvider value={visit.publicPath}>
      <RepositoriesProvider value={visit.repositories ?? noRepositories}>{content}</RepositoriesProvider>
    </PublicPathProvider>,
  )

const noRepositories: ReadonlyMap<string, string> = new Map()

function Page(props: PageProps) {
  const { title, visit, live, reloadSeconds, grid, history, matrix, html, feeds = [], children } = props
  const { publicPath } = visit
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{fullTitle(title)}</title>
        <link rel="stylesheet" href={publicPath + style.path} />
        {grid && <link rel="stylesheet" href={publicPath + gridStyle.path} />}
        {history && <link rel="stylesheet" href={publicPath + historyStyle.path} />}
        <link rel="icon" href={publicPath + icon.path} type="image/svg+xml" />
        {feeds.map(feed => (
          <Alternates {...feed} publicPath={publicPath} />
        ))}
        <script type="module" src={publicPath + client.path} />
        {grid && <script type="module" src={publicPath + gridClient.path} />}
        {reloadSeconds !== undefined && (
          <noscript>
            <meta http-equiv="refresh" content={String(reloadSeconds)} />
          </noscript>
        )}
      </head>
      <body data-events={`${publicPath}/events`} data-connection={publicPath + connection.path}>
        <div>
          <a class="skip" href="#main">
            Skip to content
          </a>
        </div>
        <Header visit={visit} />
        <div id="problems">
          <ConfigErrors errors={visit.configErrors} />
          <ServerProblems problems={visit.serverProblems ?? []} />
        </div>
        {/* The script writes the text, because text browsers show hidden text. */}
        <p id="lost" class="banner" role="status" hidden />
        <Main since={live ? visit.at.getTime() : undefined} html={html}>
          {children}
        </Main>
        <Footer at={visit.at} matrix={matrix} />
      </body>
    </html>
  )
}

/** Text browsers show the titles above the page. */
const Alternates = ({ title, path, publicPath }: FeedLink & { publicPath: string }) => (
  <>
    <link
      rel="alternate"
      type="application/atom+xml"
      title={`${title} (Atom)`}
      href={publicPath + feedPathAs(path, 'atom')}
    />
    <link
      rel="alternate"
      type="application/feed+json"
      title={`${title} (JSON Feed)`}
      href={publicPath + feedPathAs(path, 'json')}
    />
  </>
)

interface MainProps {
  since: number | undefined
  html: string | undefined
  children: ComponentChildren
}

const Main = ({ since, html, children }: MainProps) =>
  html === undefined ? (
    <main id="main" data-since={since}>
      {children}
    </main>
  ) : (
    <main id="main" data-since={since} dangerouslySetInnerHTML={{ __html: html }} />
  )

function Header({ visit }: { visit: Visit }) {
  const isCurrent = (path: string) => (path === '/' ? visit.path === '/' : visit.path.startsWith(path))
  return (
    <header>
      <Link class="brand" to="/">
        Rumpfarm
      </Link>{' '}
      <nav aria-label="Main">
        {sections.map(([path, name]) => (
          <>
            <Link to={path} aria-current={isCurrent(path) ? 'page' : undefined}>
              {name}
            </Link>{' '}
          </>
        ))}
      </nav>{' '}
      <Session visit={visit} />
    </header>
  )
}

function Session({ visit }: { visit: Visit }) {
  if (!visit.admin) return null
  return (
    <Form class="session" to="/logout">
      <CsrfField visit={visit} />
      <Link to="/approvals">Approvals</Link> <Link to="/deliveries">Deliveries</Link>{' '}
      <Link to="/notifications">Notifications</Link> <Link to="/retention">Retention</Link> <span>administrator</span>{' '}
      <button type="submit">Sign out</button>
    </Form>
  )
}

const configErrorsShown = 20

function ConfigErrors({ errors }: { errors: readonly string[] }) {
  if (errors.length === 0) return null
  return (
    <section class="banner" aria-label="Errors in farm.yaml">
      <p>
        <strong>farm.yaml has errors; the farm keeps the previous version, if there is one.</strong> Fix the errors
        below and save the file:
      </p>
      <ul>
        {errors.slice(0, configErrorsShown).map(error => (
          <li>
            <code>{error}</code>
          </li>
        ))}
      </ul>
      {errors.length > configErrorsShown && <p>… and {errors.length - configErrorsShown} more.</p>}
    </section>
  )
}

function ServerProblems({ problems }: { problems: readonly string[] }) {
  if (problems.length === 0) return null
  return (
    <section class="banner" aria-label="Problems of the servers">
      <p>
        <strong>The servers of the farm do not agree.</strong> Only administrators see this:
      </p>
      <ul>
        {problems.map(problem => (
          <li>{problem}</li>
        ))}
      </ul>
    </section>
  )
}

function Footer({ at, matrix }: { at: Date; matrix: MatrixQuery | undefined }) {
  const address = (format: string) => {
    const given = Object.entries({ ...matrix, format }).filter(([, value]) => value !== undefined)
    return `/api/v1/matrix?${new URLSearchParams(given as [string, string][])}`
  }
  return (
    <footer>
      <span>
        Updated <Moment time={at} />.
      </span>{' '}
      Matrix as <Link to={address('text')}>text</Link>, <Link to={address('csv')}>CSV</Link> or{' '}
      <Link to={address('json')}>JSON</Link>. <Link to="/api/v1/docs">API reference</Link>.
    </footer>
  )
}
