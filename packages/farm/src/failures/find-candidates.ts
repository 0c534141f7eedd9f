import { type ByteFilter, filterForPairs, filterForTexts } from './byte-filter.rule.ts'
import { type Candidate, candidateOf, classify, classifyPosition } from './candidates.rule.ts'
import { type AttemptTexts, normalise } from './normalise.rule.ts'
import { type LineMatcher, lineMatcher } from './own-patterns.rule.ts'
import { filterTexts } from './patterns.rule.ts'
import { prepareLine } from './prepare-line.rule.ts'
import { type StepLog, visitBlocks, visitMatches } from './step-log.ts'

/** Of a step with more error lines, the farm keeps the first ones, and counts the others. */
export const candidatesMax = 5000
/** The farm compares at most this many lines of a step with the rules: the first that pass the filter. */
export const comparedLinesMax = 200_000
/** The farm remembers at most this many lines of a run that passed. */
export const knownTextsMax = 1000

export interface SearchOptions {
  /** The patterns of the recipe: lines that are errors, and lines that are none. */
  errors?: readonly string[] | undefined
  ignore?: readonly string[] | undefined
  /** What differs between attempts although the failure is the same. */
  texts?: AttemptTexts | undefined
  /** The normalised texts of a run that passed (`collectKnownTexts`): such lines are no errors. */
  known?: ReadonlySet<string> | undefined
}

export interface Found {
  /** In the order of their lines; at most `candidatesMax`. */
  candidates: Candidate[]
  /** The candidates that are not in the list. */
  furtherCandidates: number
}

const filtered = filterForTexts(filterTexts)
const positions = filterForPairs([...'0123456789'].map(digit => `:${digit}`))

/** Searches the lines of a step for candidates. If there is no cause, C19 decides in a second pass. */
export async function findCandidates(log: StepLog, options: SearchOptions): Promise<Found> {
  const found = collector(options)
  if (options.errors?.length) await findOwn(log, lineMatcher(options.errors), found)
  await findMatches(log, filtered, classify, found)
  if (!found.candidates.some(({ group }) => group === 'C')) await findMatches(log, positions, classifyPosition, found)
  found.candidates.sort((one, other) => one.line - other.line)
  return found
}

/** The lines of the recipe's own patterns. Such a line need not contain a text of the filter. */
async function findOwn(log: StepLog, own: LineMatcher, found: Collector): Promise<void> {
  await visitBlocks(log, (lines, firstLine) => {
    if (!own.mayMatch(lines.join('\n'))) return
    for (const [index, raw] of lines.entries()) {
      const text = prepareLine(raw)
      if (own.matches(text)) found.add(candidateOf(firstLine + index, text, 'errors'))
    }
  })
}

/** The lines that pass a filter and match a rule, without the lines that are already found. */
async function findMatches(
  log: StepLog,
  filter: ByteFilter,
  rule: (line: number, text: string) => Candidate | undefined,
  found: Collector,
): Promise<void> {
  const lines = new Set(found.candidates.map(({ line }) => line))
  let left = comparedLinesMax
  await visitMatches(log, filter, (raw, line) => {
    if (!lines.has(line)) found.add(rule(line, prepareLine(raw)))
    left -= 1
    return left > 0
  })
}

interface Collector extends Found {
  add(candidate: Candidate | undefined): void
}

function collector({ ignore = [], known, texts }: SearchOptions): Collector {
  const ignored = lineMatcher(ignore)
  const isKnown = known?.size ? remembered(text => known.has(normalise(text, texts))) : () => false
  const found: Collector = {
    candidates: [],
    furtherCandidates: 0,
    add(candidate) {
      if (!candidate || ignored.matches(candidate.text) || isKnown(candidate.text)) return
      if (found.candidates.length < candidatesMax) found.candidates.push(candidate)
      else found.furtherCandidates += 1
    },
  }
  return found
}

/** Logs repeat lines, and the normalisation of a line needs about 20 times as long as a lookup. */
function remembered(test: (text: string) => boolean): (text: string) => boolean {
  const answers = new Map<string, boolean>()
  return text => {
    const answer = answers.get(text) ?? test(text)
    if (answers.size < candidatesMax) answers.set(text, answer)
    return answer
  }
}

/** The normalised texts of the candidates of a run that passed: at most `knownTextsMax`. They are no errors. */
export async function collectKnownTexts(log: StepLog, options: Omit<SearchOptions, 'known'>): Promise<Set<string>> {
  const { candidates } = await findCandidates(log, options)
  const texts = new Set<string>()
  for (const { text } of candidates) {
    if (texts.size >= knownTextsMax) break
    texts.add(normalise(text, options.texts))
  }
  return texts
}
