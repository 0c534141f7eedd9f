/** What TypeBox says of a value that does not fit its schema. */
export interface Wrong {
  keyword?: string
  instancePath?: string
  message?: string
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

function mistakesOf(where: string, { message = 'is wrong', params = {} }: Wrong): Mistake[] {
  const { requiredProperties, additionalProperties, allowedValues, pattern } = params
  if (requiredProperties) return requiredProperties.map(name => ({ where: `${where}/${name}`, problem: 'is missing' }))
  if (additionalProperties)
    return additionalProperties.map(name => ({ where: `${where}/${name}`, problem: unknownMember }))
  if (allowedValues) return [{ where, problem: `must be one of ${allowedValues.join(', ')}` }]
  if (pattern) return [{ where, problem: notAName }]
  return [{ where, problem: message }]
}

const unknownMember = 'is not known here: misspelt?'
/** The API's only pattern is that of new names. */
const notAName = 'must be a name: 1 to 63 of A-Z a-z 0-9 . _ -, beginning with a letter or digit'
