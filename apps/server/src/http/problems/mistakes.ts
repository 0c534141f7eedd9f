import { unknownKey } from '@rumpfarm/contracts'

/** What TypeBox says of a value that does not fit its schema. */
export interface Wrong {
  keyword?: string
  instancePath?: string
  message?: string
  /** The keys that the schema has at its top. */
  allowed?: string[]
  params?: {
    requiredProperties?: string[]
    additionalProperties?: string[]
    allowedValues?: unknown[]
    pattern?: string | RegExp
  }
}

export interface Mistake {
  /** A JSON Pointer into the request. */
  where: string
  problem: string
}

const mistakesMax = 20

/** Each mistake with its place, in words that need no knowledge of JSON Schema. */
export const mistakes = (part: string, wrong: readonly Wrong[]): Mistake[] =>
  wrong
    .filter(({ keyword }) => keyword !== 'boolean') // a second word for a member that is not known
    .flatMap(one => mistakesOf(`/${part}${one.instancePath ?? ''}`, one))
    .slice(0, mistakesMax)

function mistakesOf(where: string, { message = 'is wrong', params = {}, allowed = [] }: Wrong): Mistake[] {
  const { requiredProperties, additionalProperties, allowedValues, pattern } = params
  if (requiredProperties) return requiredProperties.map(name => ({ where: `${where}/${name}`, problem: 'is missing' }))
  if (additionalProperties)
    return additionalProperties.map(name => ({ where: `${where}/${name}`, problem: unknownKey(name, allowed) }))
  if (allowedValues) return [{ where, problem: `must be one of ${allowedValues.join(', ')}` }]
  if (pattern) return [{ where, problem: notAName }]
  return [{ where, problem: message }]
}

/** The API's only pattern is that of new names. */
const notAName = 'must be a name: 1 to 63 of A-Z a-z 0-9 . _ -, beginning with a letter or digit'

/** A mistake as one sentence. */
export const sentence = ({ where, problem }: Mistake): string =>
  problem.startsWith('unknown key') ? `${where}: ${problem}` : `${where} ${problem}`
