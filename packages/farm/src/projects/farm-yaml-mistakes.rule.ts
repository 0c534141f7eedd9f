import { cut, FarmYaml, hideSecrets } from '@rumpfarm/contracts'
import { Check } from 'typebox/value'
import { nearest } from './did-you-mean.rule.ts'
import type { YamlPath } from './yaml-positions.rule.ts'

/** An error in farm.yaml, without its position. */
export interface Finding {
  path: YamlPath
  /** Whether the key or its value is wrong. */
  at: 'key' | 'value'
  found: string
  expected: string
}

/** The parts of farm.yaml's schema: maps with fixed keys, maps with chosen keys, lists, text, and a text or a map. */
interface Schema {
  description: string
  properties?: Record<string, Schema>
  required?: string[]
  patternProperties?: Record<string, Schema>
  keyForm?: string
  items?: Schema
  /** A text, or a map. */
  anyOf?: Schema[]
  pattern?: string
  /** The value can be a secret, so no message shows it. */
  secret?: boolean
  minProperties?: number
  maxProperties?: number
  minItems?: number
  maxItems?: number
}

/**
 * All differences between a value and farm.yaml's schema. TypeBox's own list of errors is not enough, because that list
 * ends after eight errors (a setting of the whole process), repeats unknown keys, and shows patterns instead of
 * descriptions. If this function finds no difference, TypeBox checks the value too, as a safeguard.
 */
export function schemaFindings(value: unknown): Finding[] {
  const findings = [...compare(FarmYaml as unknown as Schema, value, [])]
  if (findings.length === 0 && !Check(FarmYaml, value))
    throw new Error('TypeBox rejects a farm.yaml that compare() accepts')
  return findings
}

function* compare(schema: Schema, value: unknown, path: YamlPath): Generator<Finding> {
  const expected = schema.description
  if (schema.anyOf) {
    const form = schema.anyOf.find(({ pattern }) => (pattern !== undefined) === (typeof value === 'string'))
    if (form && (typeof value === 'string' || isObject(value))) yield* compare(form, value, path)
    else yield { path, at: 'value', found: show(value), expected }
  } else if (schema.pattern !== undefined) {
    if (typeof value === 'string' && new RegExp(schema.pattern, 'u').test(value)) return
    yield { path, at: 'value', found: schema.secret && value ? 'another text' : show(value), expected }
  } else if (schema.items) {
    if (!Array.isArray(value)) return yield { path, at: 'value', found: show(value), expected }
    yield* compareCount(schema, value.length, path, 'a list')
    for (const [index, item] of value.entries()) yield* compare(schema.items, item, [...path, index])
  } else {
    if (!isObject(value)) return yield { path, at: 'value', found: show(value), expected }
    yield* schema.properties ? compareKnown(schema, value, path) : compareChosen(schema, value, path)
  }
}

/** A map with fixed keys. */
function* compareKnown({ properties = {}, required = [] }: Schema, value: Record<string, unknown>, path: YamlPath) {
  for (const key of required) {
    const expected = `${key}: ${properties[key]?.description}`
    if (!Object.hasOwn(value, key)) yield { path: [...path, key], at: 'value', found: `no ${key}`, expected } as const
  }
  for (const [key, inner] of Object.entries(value)) {
    const schema = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (schema) yield* compare(schema, inner, [...path, key])
    else yield unknownKey(Object.keys(properties), [...path, key])
  }
}

/** A map with keys that people choose. */
function* compareChosen(schema: Schema, value: Record<string, unknown>, path: YamlPath): Generator<Finding> {
  const entries = Object.entries(value)
  yield* compareCount(schema, entries.length, path, 'a map')
  for (const [pattern, form] of Object.entries(schema.patternProperties ?? {})) {
    for (const [key, inner] of entries) {
      const known = new RegExp(pattern, 'u').test(key)
      if (known) yield* compare(form, inner, [...path, key])
      else yield { path: [...path, key], at: 'key', found: show(key), expected: schema.keyForm ?? schema.description }
    }
  }
}

function* compareCount(schema: Schema, count: number, path: YamlPath, kind: string): Generator<Finding> {
  const min = schema.minItems ?? schema.minProperties ?? 0
  const max = schema.maxItems ?? schema.maxProperties ?? Number.POSITIVE_INFINITY
  const expected = schema.description
  if (count < min) yield { path, at: 'value', found: `${kind} of ${count} (at least ${min})`, expected }
  if (count > max) yield { path, at: 'value', found: `${kind} of ${count} (at most ${max})`, expected }
}

function unknownKey(known: string[], path: YamlPath): Finding {
  const key = String(path.at(-1))
  const meant = nearest(key, known)
  const hint = meant ? `; did you mean ${meant}?` : ''
  return { path, at: 'key', found: `${show(key)} (unknown key)`, expected: `one of ${known.join(', ')}${hint}` }
}

/** Describes a value for a person: short, on one line, and without the password of an address. */
export function show(value: unknown): string {
  if (value === '' || value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'a map'
  const shown = JSON.stringify(typeof value === 'string' ? hideSecrets(value) : value)
  return shown.length > 80 ? `${cut(shown, 76)}…"` : shown
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
