const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const special = /[&<>"']/
const specials = /[&<>"']/g

/** Text as HTML, in an element or in a quoted attribute. */
export const escapeHtml = (text: string): string =>
  special.test(text) ? text.replace(specials, character => entities[character] as string) : text

/** A segment of a path, also for unquoted attributes. */
export const segment = (text: string): string => encodeURIComponent(text)
