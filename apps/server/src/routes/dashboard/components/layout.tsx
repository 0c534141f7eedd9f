import type { ComponentChild, ComponentChildren } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { client, connection, icon, style } from '../assets.ts'
import { A, Below, Form } from './links.tsx'
import { age, moment } from './times.ts'
import { type Status, wordOf } from './verdict-words.ts'

/** Who looks, and at what time. */
export interface Visit {
  at: Date
  admin: boolean
  /** Goes with every form; undefined for those who may send none. */
  csrf: string | undefined
  path: string
  /** Where the farm's paths begin for this browser: "" or "/farm". */
  publicPath: string
  /** Why the newest farm.yaml is not in force. */
  problems: readonly string[]
}

/** A visit to a page that is the same for everybody. */
export const strangersVisit = (path: string, publicPath: string): Visit => ({
  at: new Date(),
  admin: false,
  csrf: undefined,
  path,
  publicPath,
  problems: [],
})

export interface MatrixQuery {
  project?: string | undefined
  branch?: string | undefined
}

export interface PageProps {
  title: string
  visit: Visit
  /** Whether the page is to know when it is out of date. */
  live?: boolean
  /** Without JavaScript the page is loaded again after so many seconds. */
  reloadSeconds?: number | undefined
  /** Of which project and branch the page shows the matrix, for the links to its other formats. */
  matrix?: MatrixQuery
  children: ComponentChildren
}

const sections = [
  ['/', 'Matrix'],
  ['/builds', 'Builds'],
  ['/hosts', 'Hosts'],
] as const

export const fullTitle = (title: string): string => `${title} · Rumpfarm`

export const drawPage = (page: PageProps): string => `<!doctype html>\n${drawWithin(page.visit, <Page {...page} />)}`

/** A page, or a part of one that is sent by itself. */
export const drawWithin = ({ publicPath }: Visit, drawn: ComponentChild): string =>
  renderToString(<Below value={publicPath}>{drawn}</Below>)

function Page({ title, visit, live, reloadSeconds, matrix, children }: PageProps) {
  const { publicPath } = visit
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{fullTitle(title)}</title>
        <link rel="stylesheet" href={publicPath + style.path} />
        <link rel="icon" href={publicPath + icon.path} type="image/svg+xml" />
        <script type="module" src={publicPath + client.path} />
        {reloadSeconds !== undefined && (
          <noscript>
            <meta http-equiv="refresh" content={String(reloadSeconds)} />
          </noscript>
        )}
      </head>
      <body data-events={`${publicPath}/events`} data-connection={publicPath + connection.path}>
        <div>
          <a class="skip" href="#main">
            Skip to the content
          </a>
        </div>
        <Header visit={visit} />
        <Problems visit={visit} />
        <p id="lost" class="banner" role="status" hidden>
          No connection to the farm since <time dateTime={visit.at.toISOString()}>{moment(visit.at)}</time>. This page
          may be out of date; the browser tries to connect again.
        </p>
        <main id="main" data-since={live ? visit.at.getTime() : undefined}>
          {children}
        </main>
        <Footer at={visit.at} matrix={matrix} />
      </body>
    </html>
  )
}

function Header({ visit }: { visit: Visit }) {
  const here = (path: string) => (path === '/' ? visit.path === '/' : visit.path.startsWith(path))
  return (
    <header>
      <A class="brand" to="/">
        Rumpfarm
      </A>{' '}
      <nav aria-label="Farm">
        {sections.map(([path, name]) => (
          <>
            <A to={path} aria-current={here(path) ? 'page' : undefined}>
              {name}
            </A>{' '}
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
      <Csrf visit={visit} />
      <span>administrator</span> <button type="submit">Sign out</button>
    </Form>
  )
}

/** The proof that a form came from one of our pages. */
export const Csrf = ({ visit }: { visit: Visit }) => <input type="hidden" name="_csrf" value={visit.csrf ?? ''} />

function Problems({ visit: { problems } }: { visit: Visit }) {
  if (problems.length === 0) return null
  return (
    <section class="banner" aria-label="Trouble with farm.yaml">
      <p>
        <strong>farm.yaml was refused; the last good one is in force.</strong> Mend it and save it:
      </p>
      <ul>
        {problems.slice(0, 20).map(problem => (
          <li>
            <code>{problem}</code>
          </li>
        ))}
      </ul>
      {problems.length > 20 && <p>… and {problems.length - 20} more.</p>}
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
      <span>As of {moment(at)}.</span> The matrix as <A to={address('text')}>text</A>, <A to={address('csv')}>CSV</A> or{' '}
      <A to={address('json')}>JSON</A>; everything else at <A to="/api/v1/docs">/api/v1</A>.
    </footer>
  )
}

export const Ago = ({ from, at }: { from: Date; at: Date }) => (
  <time dateTime={from.toISOString()} title={moment(from)}>
    {age(from, at)}
  </time>
)

/** A status with its sign and colour. */
export const Mark = ({ status, children }: { status: Status; children?: ComponentChildren }) => (
  <span class={`mark ${status}`}>{children ?? wordOf[status]}</span>
)

/** An area that scrolls sideways on a narrow screen, by keyboard as well (WCAG 2.1.1). */
export const Frame = ({ label, children }: { label: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it only a mouse could scroll the area
  <section class="frame" aria-label={label} tabIndex={0}>
    {children}
  </section>
)

/** HTML that our own tested string functions made of escaped text: the matrix and the logs, where components are too slow. */
export const Drawn = ({ html }: { html: string }) => <div class="drawn" dangerouslySetInnerHTML={{ __html: html }} />
