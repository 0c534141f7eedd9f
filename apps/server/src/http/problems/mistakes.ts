import { unknownKey } from '@rumpfarm/contracts'
import { patternWords } from './pattern-words.ts'

/** TypeBox's description of a value that does not match its schema. */
export interface Wrong {
  keyword?: string
  instancePath?: string
  message?: string
  /** The keys at the top level of the schema. */
  allowed?: string[]
  params?: {
    requiredProperties?: string[]
    additionalProperties?: string[]
    allowedValues?: unknown[]
    pattern?: string | RegExp
  }
}

export interface Mistake {
  kind: 'unknown-key' | 'wrong-value'
  /** A JSON Pointer into the request. */
  where: string
  problem: string
}

const mistakesMax = 20

/** Describes each mistake with its position, for readers who do not know JSON Schema. */
export const mistakes = (part: string, wrong: readonly Wrong[]): Mistake[] =>
  wrong
    .filter(({ keyword }) => keyword !== 'boolean') // TypeBox reports an unknown key a second time with this keyword
    .flatMap(one => mistakesOf(`/${part}${one.instancePath ?? ''}`, one))
    .slice(0, mistakesMax)

function mistakesOf(where: string, { message = 'is wrong', params = {}, allowed = [] }: Wrong): Mistake[] {
  const { requiredProperties, additionalProperties, allowedValues, pattern } = params
  const wrong = (problem: string, at = where): Mistake => ({ kind: 'wrong-value', where: at, problem })
  if (requiredProperties) return requiredProperties.map(name => wrong('is missing', `${where}/${name}`))
  if (additionalProperties)
    return additionalProperties.map(name => {
      return { kind: 'unknown-key', where: `${where}/${name}`, problem: unknownKey(name, allowed) }
    })
  if (allowedValues) return [wrong(`must be one of ${allowedValues.join(', ')}`)]
  if (pattern) return [wrong(`must ${expected(pattern)}`)]
  return [wrong(message)]
}

function expected(pattern: string | RegExp): string {
  const words = patternWords(pattern)
  return words === undefined ? `match ${pattern}` : `be ${words}`
}

/** Describes a mistake in one sentence. */
export const sentence = ({ kind, where, problem }: Mistake): string =>
  kind === 'unknown-key' ? `${where}: ${problem}` : `${where} ${problem}`
