/**
 * HTML that string functions made from escaped text. Only two places need it, since components are too slow there: the
 * matrix table (pages/matrix/table.ts) and the lines of a log (log/line-html.ts). A test finds any other.
 */
export const RawHtml = ({ html, as: Tag = 'div' }: { html: string; as?: 'div' | 'pre' }) => (
  <Tag dangerouslySetInnerHTML={{ __html: html }} />
)
