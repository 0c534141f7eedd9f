import { headline } from '@rumpfarm/farm'
import { historyPath } from '../../http/problems/missing-branch.ts'
import { gridStyle, icon, style } from '../dashboard/assets.ts'
import { Moment } from '../dashboard/components/ago.tsx'
import { GridFrame } from '../dashboard/components/grid/grid-frame.tsx'
import { fullTitle, renderFragment } from '../dashboard/components/layout.tsx'
import { Link } from '../dashboard/components/links.tsx'
import { gridOf } from '../dashboard/pages/matrix/grid-of.ts'
import { matrixPath } from '../dashboard/pages/matrix/view.ts'
import { type ShownGlance, titleOf } from './glances.ts'

export interface EmbedPage {
  publicPath: string
  shown: ShownGlance
  /** Whether other sites may show the page in a frame. */
  allowed: boolean
  /** The browser loads the page again after this time, if the address asks for it. */
  reloadSeconds: number | undefined
}

/** The matrix for a frame in a page of another site: without the header, the filters and the footer of the farm. */
export const renderEmbedPage = (page: EmbedPage): string =>
  `<!doctype html>\n${renderFragment(page, <Page {...page} />)}`

function Page({ publicPath, shown, allowed, reloadSeconds }: EmbedPage) {
  const title = shown.reason ?? titleOf(shown.view, headline(shown.glance.counts, shown.glance.changes))
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {reloadSeconds !== undefined && <meta http-equiv="refresh" content={String(reloadSeconds)} />}
        <title>{fullTitle(title)}</title>
        {/* The farm's other pages allow no frame, so links open a new tab. */}
        <base target="_blank" />
        <link rel="stylesheet" href={publicPath + style.path} />
        <link rel="stylesheet" href={publicPath + gridStyle.path} />
        <link rel="icon" href={publicPath + icon.path} type="image/svg+xml" />
      </head>
      <body>
        <main id="main">
          <h1>{title}</h1>
          {!allowed && (
            <p class="banner">
              No other site may show this page in a frame. The operator of the farm can allow sites with the setting
              EMBED_ORIGINS.
            </p>
          )}
          {shown.reason === undefined && <GridFrame grid={gridOf(shown.glance, shown.view)} />}
          <p>
            {shown.reason !== undefined && shown.missing?.deleted ? (
              <Link to={historyPath(shown.missing.deleted)}>Open the history of the branch</Link>
            ) : (
              <Link to={matrixPath(shown.view)}>Open the matrix</Link>
            )}
            {shown.reason === undefined && (
              <>
                {' '}
                · updated <Moment time={shown.glance.at} />
              </>
            )}
          </p>
        </main>
      </body>
    </html>
  )
}
