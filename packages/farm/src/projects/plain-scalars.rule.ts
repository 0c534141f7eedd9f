/** The values that an editor sees for the texts that match a pattern. */
export interface PlainScalars {
  /** Ranges of whole numbers, in order. A bound that is absent is open. */
  integers: { minimum?: number; maximum?: number }[]
  /** Whether numbers such as 1.5 match too. */
  fractions: boolean
  booleans: boolean[]
  /** Whether a key without a value matches. */
  nothing: boolean
}

// Longer numbers lose digits in an editor, so their length says nothing.
const digitsMax = 20
const exactDigitsMax = 3

/**
 * farm.yaml is text for the farm, but an editor reads `3` as a number and `true` as a boolean. This function finds the
 * numbers and booleans whose text matches a pattern. It tries all numbers of up to three digits, and some of each
 * length above that. If only some of a length match, the whole length counts, because the farm checks the text itself.
 */
export function plainScalars(pattern: string): PlainScalars {
  const regExp = new RegExp(pattern, 'u')
  const matches = (text: string) => regExp.test(text)
  const isNegative = matches('-1') && matches('-1000')
  const integers = isNegative && matches('1') && matches('1000') ? [{}] : rangesOf(matches)
  return {
    integers,
    fractions: ['1.5', '0.25', '10.75', '3.14159'].every(matches),
    booleans: [true, false].filter(value => matches(String(value))),
    nothing: matches(''),
  }
}

function rangesOf(matches: (text: string) => boolean): PlainScalars['integers'] {
  const found: { minimum: number; maximum: number }[] = []
  const add = (minimum: number, maximum: number) => {
    const last = found.at(-1)
    if (last && last.maximum + 1 >= minimum) last.maximum = maximum
    else found.push({ minimum, maximum })
  }
  for (let value = 0; value < 10 ** exactDigitsMax; value++) if (matches(String(value))) add(value, value)
  for (let digits = exactDigitsMax + 1; digits <= digitsMax; digits++) {
    if (samplesOf(digits).some(matches)) add(10 ** (digits - 1), 10 ** digits - 1)
  }
  // An editor reads 0012345 as 12345, so a number with zeros at its front has no minimum.
  const digitsMin = String(found[0]?.minimum ?? '').length
  const hasZeros = digitsMin > 1 && matches('1'.padStart(digitsMin, '0'))
  if (found[0] && hasZeros) found[0].minimum = 0
  return found.map(({ minimum, maximum }) => ({ minimum, ...(maximum >= 10 ** digitsMax - 1 ? {} : { maximum }) }))
}

const samplesOf = (digits: number): string[] =>
  ['1000000000', '9999999999', '5555555555', '1234567890', '2718281828'].map(text => text.repeat(2).slice(0, digits))
