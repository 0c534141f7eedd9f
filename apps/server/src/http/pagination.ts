import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from './problems.ts'

export const pageSize = 50

/** Encodes the id or name of the item before a page. Clients must not read a cursor, so that its format can change. */
export const writeCursor = (after: string | number): string => Buffer.from(String(after)).toString('base64url')

const readCursor = (cursor: string): string => Buffer.from(cursor, 'base64url').toString('utf8')

export const nameOfCursor = (cursor: string | undefined): string | undefined =>
  cursor === undefined ? undefined : readCursor(cursor)

/** `max` is the largest number of such an item. */
export function idOfCursor(cursor: string | undefined, max = 2_147_483_647): number | undefined {
  if (cursor === undefined) return undefined
  const text = readCursor(cursor)
  if (/^[1-9]\d{0,14}$/.test(text) && Number(text) <= max) return Number(text)
  throw new Refusal('invalid', '/query/cursor is not a cursor of this farm: request the first page without it')
}

/** The key of an item in a list that is sorted by ids. */
export const idOf = ({ id }: { id: number }): number => id

/** A list in a stable order. Each item has a key, and the keys order the list, so a cursor can continue after any key. */
export interface PagedList<Item, Key extends string | number> {
  /** Reads at most `limit` items after the item with this key; without a key, the first items. */
  read(after: Key | undefined, limit: number): Promise<Item[]>
  keyOf(item: NoInfer<Item>): Key
  /** The schema of an item. Lines of NDJSON contain only its members. */
  schema: object
}

/** Makes a page of `items`. If there is a next page, `items` must have one item more than this page. */
export function pageOf<Item>(
  items: readonly Item[],
  limit: number,
  cursorOf: (item: Item) => string | number,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): { items: Item[]; next: string | null } {
  const shown = items.slice(0, limit)
  const last = shown.at(-1)
  if (items.length <= limit || last === undefined) return { items: shown, next: null }
  const next = nextAddress(request, writeCursor(cursorOf(last)))
  reply.header('link', `<${next}>; rel="next"`)
  return { items: shown, next }
}

/** The address of this request with another cursor. */
export function nextAddress({ server, url }: FastifyRequest, cursor: string): string {
  const [path = '', query = ''] = (server.publicPath + url).split('?')
  const parameters = new URLSearchParams(query)
  parameters.set('cursor', cursor)
  return `${path}?${parameters}`
}
