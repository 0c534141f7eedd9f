import { collector, type ParsedResults } from './collect.rule.ts'
import { noOwnStrings, type OwnStrings } from './identity.rule.ts'
import { type ResultLimits, resultLimits } from './limits.rule.ts'
import { type ResultSource, readResults } from './read-results.ts'

type GivenSource = Partial<Omit<ResultSource, 'read' | 'bytes'>> & { text: string | Uint8Array; pieceBytes?: number }

/** Reads texts as the farm reads files. By default each is a file of an unknown format, in pieces of 64 KiB. */
export async function parse(
  given: string | Uint8Array | GivenSource[],
  changes: { limits?: Partial<ResultLimits>; own?: OwnStrings; now?: () => number } = {},
): Promise<ParsedResults> {
  const limits = { ...resultLimits, ...changes.limits }
  const collected = collector(changes.own ?? noOwnStrings, limits)
  const sources = Array.isArray(given) ? given : [{ text: given }]
  await readResults(sources.map(sourceOf), collected, limits, changes.now)
  return collected.results()
}

function sourceOf({ text, pieceBytes = 65_536, ...source }: GivenSource, index: number): ResultSource {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return {
    label: `file-${index + 1}`,
    ...source,
    bytes: bytes.length,
    async *read() {
      for (let from = 0; from < bytes.length; from += pieceBytes) yield bytes.subarray(from, from + pieceBytes)
    },
  }
}

/** `suite › name: outcome` of each test. */
export const shown = ({ tests }: ParsedResults): string[] =>
  tests.map(({ suite, name, outcome, tries }) => {
    const ending = tries > 1 ? ` (${tries} tries)` : ''
    return `${suite === '' ? '' : `${suite} › `}${name}: ${outcome}${ending}`
  })

/** The notices of all files and of the attempt. */
export const noticesOf = ({ runs, notices }: ParsedResults): string[] => [
  ...runs.flatMap(({ notice }) => notice?.split('\n') ?? []),
  ...notices,
]

/** A file of JUnit XML with these elements inside its one suite. */
export const junit = (body: string, suite = 's'): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites><testsuite name="${suite}">${body}</testsuite></testsuites>\n`
