import { FarmYaml } from '@rumpfarm/contracts'
import { examples, meanings } from './farm-schema-meanings.rule.ts'
import { notifyKeysOf, notifyKinds } from './farm-yaml-notify.rule.ts'
import { plainScalars } from './plain-scalars.rule.ts'

export type JsonSchema = Record<string, unknown>

/** The parts of the schema of farm.yaml that this file reads. */
interface Written {
  description: string
  properties?: Record<string, Written>
  required?: string[]
  patternProperties?: Record<string, Written>
  items?: Written
  anyOf?: Written[]
  pattern?: string
  minProperties?: number
  maxProperties?: number
  minItems?: number
  maxItems?: number
}

/**
 * The JSON Schema of farm.yaml for editors, made from the schema that the farm checks files with. It is of draft 7,
 * which all editors read. An editor sees `3` and `true` as a number and a boolean, so the schema allows those whose
 * text the farm allows. It cannot describe everything: readFarmYaml also compares values with each other.
 */
export const farmSchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'farm.yaml of Rumpfarm',
  ...convert(FarmYaml as unknown as Written, ''),
})

function convert(schema: Written, path: string): JsonSchema {
  return { ...described(schema, path), ...shapeOf(schema, path), ...relationsOf(path) }
}

function shapeOf(schema: Written, path: string): JsonSchema {
  const { properties, required = [], patternProperties, items, anyOf, pattern } = schema
  if (anyOf) return { anyOf: anyOf.map(form => convert(form, form.pattern === undefined ? `${path}{}` : path)) }
  if (pattern !== undefined) return scalar(pattern, schema.description)
  if (items) return { type: 'array', items: convert(items, `${path}[]`), ...countsOf(schema) }
  if (properties) {
    return {
      type: 'object',
      properties: mapValues(properties, (inner, key) => convert(inner, join(path, key))),
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: false,
    }
  }
  return {
    type: 'object',
    patternProperties: mapValues(patternProperties ?? {}, inner => convert(inner, join(path, '*'))),
    additionalProperties: false,
    ...countsOf(schema),
  }
}

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)

const mapValues = <In, Out>(record: Record<string, In>, map: (value: In, key: string) => Out): Record<string, Out> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]))

const countsOf = ({ minProperties, maxProperties, minItems, maxItems }: Written): JsonSchema =>
  Object.fromEntries(
    Object.entries({ minProperties, maxProperties, minItems, maxItems }).filter(([, count]) => count !== undefined),
  )

/** Text for the farm. For an editor, it can also be a number, a boolean or nothing. */
function scalar(pattern: string, form: string): JsonSchema {
  const words = wordsOf(pattern)
  if (words) return { enum: words.flatMap(word => [...plainValues(word), word]) }
  const { integers, fractions, booleans, nothing } = plainScalars(pattern)
  const text = { pattern, patternErrorMessage: `expected ${form}` }
  const number = fractions ? 'number' : 'integer'
  const [range] = integers
  if (integers.length > 1 || booleans.length === 1)
    return {
      anyOf: [
        { type: nothing ? ['string', 'null'] : 'string', ...text },
        ...integers.map(one => ({ type: number, ...one })),
        ...(booleans.length > 0 ? [{ enum: booleans }] : []),
      ],
    }
  const types = [
    'string',
    ...(range ? [number] : []),
    ...(booleans.length > 0 ? ['boolean'] : []),
    ...(nothing ? ['null'] : []),
  ]
  return { type: types.length === 1 ? 'string' : types, ...text, ...range }
}

/** The words of a pattern such as `^(merge|head)$`. An editor suggests them. */
function wordsOf(pattern: string): string[] | undefined {
  const [, inside] = /^\^\(([A-Za-z0-9_|-]+)\)\$$/.exec(pattern) ?? []
  return inside?.split('|')
}

function plainValues(word: string): unknown[] {
  if (word === 'true' || word === 'false') return [word === 'true']
  return /^(0|[1-9][0-9]*)$/.test(word) ? [Number(word)] : []
}

/** What the key means, the form of its value, and an example. */
function described({ description, pattern }: Written, path: string): JsonSchema {
  const key = path.replace(/^projects\.\*\./, '').replaceAll('{}', '')
  const form = `${description.charAt(0).toUpperCase()}${description.slice(1)}.`
  const example = pattern === undefined ? undefined : (examples[key] ?? exampleIn(description))
  return {
    description: meanings[key] ? `${meanings[key]} ${form}` : form,
    ...(pattern && example !== undefined && new RegExp(pattern, 'u').test(example) ? { examples: [example] } : {}),
  }
}

/** The example of a description such as `a duration with its unit, such as 80m or 1h30m`. */
const exampleIn = (description: string): string | undefined =>
  / such as +(.*)/
    .exec(description)?.[1]
    ?.split(/, |; | or | without /)[0]
    ?.replace(/^'(.*)'$/, '$1')

const atMostOne = (...keys: string[]): JsonSchema => ({
  allOf: keys.flatMap((key, index) => keys.slice(index + 1).map(other => ({ not: { required: [key, other] } }))),
})
const exactlyOne = (...keys: readonly string[]): JsonSchema => ({ oneOf: keys.map(key => ({ required: [key] })) })

/** The kinds of channel to which a key belongs. */
const kindsOf = (key: string) =>
  notifyKinds.filter(kind => notifyKeysOf[kind]?.some(own => own === key)).map(kind => ({ required: [kind] }))

const notifyRelations: JsonSchema = {
  ...exactlyOne(...notifyKinds),
  dependencies: {
    ...Object.fromEntries(Object.values(notifyKeysOf).flatMap(keys => keys.map(key => [key, { anyOf: kindsOf(key) }]))),
    webhook: ['secret'],
  },
}
const noFarmPrefix: JsonSchema = { propertyNames: { not: { pattern: '^FARM_' } } }

/** Which keys belong together. The rules farm-yaml-….rule.ts check the same with better messages. */
const relations: Record<string, JsonSchema> = {
  'notify[]': { ...notifyRelations, not: { required: ['authors'] } },
  'projects.*.notify[]': {
    ...notifyRelations,
    not: { required: ['on'], properties: { on: { contains: { const: 'host-silent' } } } },
  },
  'projects.*.env': noFarmPrefix,
  'projects.*.variants.*.env': noFarmPrefix,
  'projects.*.sources.*': {
    ...exactlyOne('repository', 'tarball'),
    ...atMostOne('branch', 'commit', 'commit-from'),
    dependencies: { tarball: ['sha256'], sha256: ['tarball'], strip: ['tarball'] },
  },
  'projects.*.status[]': exactlyOne('token', 'app'),
  'projects.*.results[]{}': {
    ...exactlyOne('junit', 'tap', 'step'),
    dependencies: { pattern: ['step'], passed: ['pattern'], failed: ['pattern'], skipped: ['pattern'] },
  },
}

const relationsOf = (path: string): JsonSchema => relations[path] ?? {}
