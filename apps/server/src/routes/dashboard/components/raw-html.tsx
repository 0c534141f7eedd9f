/**
 * Shows HTML that string functions have made from escaped text. Only the grid
 * (grid/grid-html.ts), the matrix table (pages/matrix/table.ts) and the lines of a log (log/line-html.ts) need such
 * strings, because components are too slow there. A test fails if another
 * file builds HTML from strings.
 */
export const RawHtml = ({ html, as: Tag = 'div' }: { html: string; as?: 'div' | 'pre' }) => (
  <Tag dangerouslySetInnerHTML={{ __html: html }} />
)
