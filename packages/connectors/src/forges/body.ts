import { cut, readJson, storableText, unknownKey } from '@rumpfarm/contracts'
import type { Static, TSchema } from 'typebox'
import { Errors } from 'typebox/value'

export type Malformed = { kind: 'malformed'; where: string; problem: string }
export type Body<Value> = { kind: 'body'; value: Value } | Malformed

export const malformed = (where: string, problem: string): Malformed => ({ kind: 'malformed', where, problem })

/** The bytes of a request as text. Bytes that are not UTF-8 are refused, because they have no clear meaning as text. */
export function readText(bytes: Uint8Array): Body<string> {
  try {
    return { kind: 'body', value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return malformed('body', 'it is not UTF-8')
  }
}

/** The first line of a text from outside: at most 500 characters, all of which PostgreSQL can store. */
export const firstLine = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : storableText(cut(text.split('\n')[0] ?? '', 500))

/** Reads JSON that matches the schema. A problem includes its position. */
export function readBody<Schema extends TSchema>(schema: Schema, text: string): Body<Static<Schema>> {
  const json = readJson(text)
  if (json.kind === 'malformed') return malformed(`body:${json.line}:${json.column}`, `it is not JSON: ${json.problem}`)
  const { value } = json
  const unknown = unknownKeyIn(schema, value)
  if (unknown) return malformed('body', unknown)
  const wrong = Errors(schema, value)[0]
  if (!wrong) return { kind: 'body', value: value as Static<Schema> }
  const { requiredProperties } = wrong.params as Record<string, string[] | undefined>
  const where = `body${wrong.instancePath.replaceAll('/', '.')}`
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
