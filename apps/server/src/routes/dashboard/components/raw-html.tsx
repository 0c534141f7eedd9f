import { jsxTemplate } from 'preact/jsx-runtime'

/**
 * Shows HTML that string functions have made from escaped text. Only the grid
 * (grid/grid-html.ts), the matrix table (pages/matrix/table.ts), the lines of a log (log/line-html.ts), and the results of
 * commits and tests (pages/commits/results-html.ts, pages/test-history/results-html.ts) need such
 * strings, because components are too slow there. A test fails if another
 * file builds HTML from strings.
 */
export const RawHtml = ({ html, as: Tag = 'div' }: { html: string; as?: 'div' | 'pre' }) => (
  <Tag dangerouslySetInnerHTML={{ __html: html }} />
)

/** The same without an element around it, for a part of an element such as some cells of a row. */
export const RawParts = ({ html }: { html: string }) => jsxTemplate([html])
