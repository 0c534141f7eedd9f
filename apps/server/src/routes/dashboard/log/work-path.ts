// A host's path can have other characters. Then the page shows a shorter part of the path as `$FARM_WORK`.
const pathSegment = '[\\w.@+~%,-]{1,255}'

/** Finds the work path of an attempt on its host: the path of a directory with the attempt's name. */
export class WorkPath {
  readonly #name: string
  readonly #pattern: RegExp

  constructor(attempt: string) {
    this.#name = `/attempt-${attempt}`
    this.#pattern = new RegExp(`((?:/${pathSegment}){0,30}/attempt-${attempt.replaceAll('.', '\\.')}(?![\\w.]))`)
  }

  /** Splits a text into other text and, at each odd position, the work path. */
  split(text: string): string[] {
    return text.includes(this.#name) ? text.split(this.#pattern) : [text]
  }
}

/** The text with `$FARM_WORK` for the work path of an attempt. */
export const withoutWorkPath = (text: string, attempt: string): string =>
  new WorkPath(attempt)
    .split(text)
    .map((part, index) => (index % 2 === 0 ? part : '$FARM_WORK'))
    .join('')
