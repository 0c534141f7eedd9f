/**
 * HTML that string functions made from escaped text. Only two places need it, since components are too slow there: the
 * matrix table (pages/matrix/table.ts) and the lines of a log (log/line-html.ts).
 */
export const RawHtml = ({ html }: { html: string }) => <div dangerouslySetInnerHTML={{ __html: html }} />
