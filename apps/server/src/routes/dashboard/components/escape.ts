const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const special = /[&<>"']/
const specials = /[&<>"']/g

/** Escapes a text for an HTML element or a quoted attribute. */
export const escapeHtml = (text: string): string =>
  special.test(text) ? text.replace(specials, character => entities[character] as string) : text

/** Escapes a text for a segment of a path. The result is also safe in an unquoted attribute. */
export const segment = (text: string): string => encodeURIComponent(text)
