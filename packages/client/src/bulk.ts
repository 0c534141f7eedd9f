import type { FarmClient } from './client.ts'
import type { paths } from './generated/api.ts'
import { type Item, type ListPath, type Query, queryText } from './lists.ts'
import { textLines } from './text-lines.ts'

/** The paths of the API whose whole lists are available as NDJSON. */
export type BulkPath = {
  [Path in ListPath]: paths[Path]['get'] extends {
    responses: { 200: { content: { 'application/x-ndjson': unknown } } }
  }
    ? Path
    : never
}[ListPath]

/**
 * Reads all items of a list with few requests. It holds only a few items at a time. If the connection breaks, it throws
 * before its end, so a complete run has all items.
 */
export async function* bulk<Path extends BulkPath>(
  client: FarmClient,
  path: Path,
  { query, signal }: { query?: Query<Path>; signal?: AbortSignal } = {},
): AsyncGenerator<Item<Path>, void> {
  const headers = { accept: 'application/x-ndjson' }
  for (let address: string | undefined = `${path}${queryText(query)}`; address !== undefined; ) {
    const { body } = await client.fetch(address, { headers, ...(signal ? { signal } : {}) })
    address = undefined
    for await (const line of textLines(body)) {
      const value = JSON.parse(line) as object
      if ('next' in value) address = `${path}${String(value.next).replace(/^[^?]*/, '')}`
      else yield value as Item<Path>
    }
  }
}
