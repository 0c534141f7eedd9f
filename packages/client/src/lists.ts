import type { Answer, FarmClient, PathWith } from './client.ts'
import type { paths } from './generated/api.ts'

/** The paths of the API that answer with pages of a list. */
export type ListPath = {
  [Path in PathWith<'get'>]: Answer<'get', Path> extends { items: unknown[]; next: string | null } ? Path : never
}[PathWith<'get'>]

/** An item of the list at this path. */
export type Item<Path extends ListPath> = Answer<'get', Path> extends { items: (infer Each)[] } ? Each : never

type Parameters<Path extends ListPath> = paths[Path]['get'] extends { parameters: infer Known } ? Known : never

/**
 * Reads all items of a list, page after page. It requests a page only when the caller has used the items of the page
 * before it. Items that somebody adds or removes meanwhile cause neither a gap nor a repetition in the other items.
 */
export async function* items<Path extends ListPath>(
  client: FarmClient,
  path: Path,
  parameters?: Partial<Parameters<Path>>,
): AsyncGenerator<Item<Path>, void> {
  const query = (parameters as { query?: object } | undefined)?.query
  for (let cursor: string | undefined, more = true; more; ) {
    const params = { ...parameters, query: { ...query, ...(cursor === undefined ? {} : { cursor }) } }
    const page = (await client.get(path as never, { params } as never)) as { items: Item<Path>[]; next: string | null }
    yield* page.items
    cursor = cursorOf(page.next)
    more = cursor !== undefined
  }
}

/** The cursor in the address of the next page. */
const cursorOf = (next: string | null): string | undefined =>
  next === null ? undefined : (new URLSearchParams(next.replace(/^[^?]*/, '')).get('cursor') ?? undefined)

/** The filters and the page size of the list at this path. */
export type Query<Path extends ListPath> = Extract<
  paths[Path]['get'] extends { parameters: { query?: infer Known } } ? Known : never,
  object
>

/** The query of an address, with its question mark; an empty text if it has no parameters. */
export function queryText(query: object = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  return parameters.size === 0 ? '' : `?${parameters}`
}
