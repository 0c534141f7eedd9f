/** The text of a message, before it has absolute addresses. */
export interface Draft {
  title: string
  lines: string[]
  excerpt: string[]
  links: DraftLink[]
  /** The body of a signed webhook. */
  data: Record<string, unknown>
}

export type DraftLink =
  /** A page of the farm. */
  | { text: string; path: string }
  /** The changes of a repository. */
  | { text: string; repository: string; before: string; after: string }
