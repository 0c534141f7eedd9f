import { cut, readJson, storableText, unknownKey } from '@rumpfarm/contracts'
import Type, { type Static, type TSchema } from 'typebox'
import { Errors } from 'typebox/value'
import { type Headers, header, type Malformed } from './event.ts'

export type Body<Value> = { kind: 'body'; value: Value } | Malformed

export const malformed = (where: string, problem: string): Malformed => ({ kind: 'malformed', where, problem })

/** An address or a text that a forge can leave out. */
export const url = Type.Optional(Type.Union([Type.Null(), Type.String({ maxLength: 2000 })]))
export const optionalText = Type.Optional(Type.Union([Type.Null(), Type.String()]))
/** git refuses spaces and control characters in a ref: https://git-scm.com/docs/git-check-ref-format */
export const refName = Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\x00-\\x20\\x7f]+$' })
/** The full id of a commit or a tag object, with SHA-1 or SHA-256. Zeros mean that there is none. */
export const objectId = Type.String({ pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' })
export const orNull = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([Type.Null(), schema]))

/** The most refs in one delivery. */
export const refsMax = 1000

export const idOrNull = (id: string | null | undefined): string | null => (id && !/^0+$/.test(id) ? id : null)
/** Returns a commit of a pull request; null if the forge sent none or sent another text. */
export const commitOrNull = (id: string | null | undefined): string | null =>
  id && /^[0-9a-f]{7,64}$/.test(id) ? idOrNull(id) : null

/** Returns the addresses that the forge sent, without repetition. */
export const addresses = (...urls: (string | null | undefined)[]): string[] =>
  [...new Set(urls.filter(address => typeof address === 'string' && address !== ''))] as string[]

/** The bytes of a request as text. Bytes that are not UTF-8 are refused, because they have no clear meaning as text. */
export function readText(bytes: Uint8Array): Body<string> {
  try {
    return { kind: 'body', value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return malformed('body', 'it is not UTF-8')
  }
}

const isForm = (headers: Headers): boolean =>
  (header(headers, 'content-type') ?? '').startsWith('application/x-www-form-urlencoded')

/** Returns the JSON text of a delivery. GitHub, Gitea, Forgejo and Gogs can send it as the field `payload` of a form. */
export function readPayload(headers: Headers, bytes: Uint8Array): Body<string> {
  const text = readText(bytes)
  if (text.kind === 'malformed' || !isForm(headers)) return text
  return { kind: 'body', value: new URLSearchParams(text.value).get('payload') ?? '' }
}

/** Reads the payload of a delivery with the schema. */
export function readDelivery<Schema extends TSchema>(
  schema: Schema,
  headers: Headers,
  bytes: Uint8Array,
): Body<Static<Schema>> {
  const text = readPayload(headers, bytes)
  return text.kind === 'malformed' ? text : readBody(schema, text.value)
}

/** The first line of a text from outside: at most 500 characters, all of which PostgreSQL can store. */
export const firstLine = (text: string | null | undefined): string | undefined =>
  typeof text === 'string' ? storableText(cut(text.split('\n')[0] ?? '', 500)) : undefined

/** A short word from outside, for a message. */
export const word = (text: string): string => storableText(cut(text.replaceAll(/\s+/g, ' '), 50))

/** Reads the id of a delivery from the first of these headers. */
export function readDeliveryId(headers: Headers, ...names: string[]): Body<string> {
  const id = names.map(name => header(headers, name)).find(value => value !== undefined) ?? ''
  if (/^[A-Za-z0-9_.:{}-]{1,100}$/.test(id)) return { kind: 'body', value: id }
  return malformed(`header ${names[0]}`, 'it is missing, or is not an id')
}

/** Reads JSON that matches the schema. A problem includes its position. */
export function readBody<Schema extends TSchema>(schema: Schema, text: string): Body<Static<Schema>> {
  const json = readJson(text)
  if (json.kind === 'malformed') return malformed(`body:${json.line}:${json.column}`, `it is not JSON: ${json.problem}`)
  const { value } = json
  return readValue(schema, value, 'body')
}

/** Reads a value inside a body. `path` is its position, for example `body.data`. */
export function readValue<Schema extends TSchema>(schema: Schema, value: unknown, path: string): Body<Static<Schema>> {
  const unknown = unknownKeyIn(schema, value)
  if (unknown) return malformed(path, unknown)
  const wrong = Errors(schema, value)[0]
  if (!wrong) return { kind: 'body', value: value as Static<Schema> }
  const { requiredProperties } = wrong.params as Record<string, string[] | undefined>
  const where = `${path}${wrong.instancePath.replaceAll('/', '.')}`
  if (requiredProperties) return malformed(where, `it lacks ${requiredProperties.join(', ')}`)
  return malformed(where, wrong.message)
}

/** Describes an unknown key. TypeBox's message for it is only "schema is false". */
function unknownKeyIn(schema: TSchema, value: unknown): string | undefined {
  const { properties, additionalProperties } = schema as { properties?: object; additionalProperties?: unknown }
  if (additionalProperties !== false || !properties || typeof value !== 'object' || value === null) return undefined
  const key = Object.keys(value).find(name => !Object.hasOwn(properties, name))
  return key === undefined ? undefined : unknownKey(key, Object.keys(properties))
}
