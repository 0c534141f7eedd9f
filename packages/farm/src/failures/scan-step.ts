import { cut } from '@rumpfarm/contracts'
import type { Candidate, CandidateRule } from './candidates.rule.ts'
import {
  contextLinesMax,
  type Excerpt,
  endLinesMax,
  excerptAround,
  excerptOf,
  lastLines,
  linesAfter,
  type NumberedLine,
} from './excerpt.rule.ts'
import { type Found, findCandidates, type SearchOptions } from './find-candidates.ts'
import { fingerprint, symbolOf } from './fingerprint.rule.ts'
import { normalise } from './normalise.rule.ts'
import { prepareLine } from './prepare-line.rule.ts'
import { keepEnds, linesBetween, type StepLog } from './step-log.ts'
import { alikeWinner, chooseWinner, isProbablyHost } from './winner.rule.ts'
import { winnerMessage } from './winner-message.rule.ts'

/** The maximum number of further errors in a result. */
export const othersMax = 10
export const messageCharactersMax = 400

export interface ScanOptions extends SearchOptions {
  /** The name of the step. */
  step: string
  /** Null if the step has no exit code, because the agent or the farm ended it. */
  exit: number | null
  /** The number of the step's first line in the log. 1 if absent. */
  firstLine?: number
  /** Whether the step was ended because of a time limit or the no-output limit. */
  timedOut?: boolean
}

/** Why a step failed, as far as its log says it. */
export interface StepFailure {
  rule: CandidateRule | 'timeout' | 'last-lines'
  /** The number of the line in the log, from 1; null if the step printed nothing. */
  line: number | null
  /** The line as a terminal shows it; at most 400 characters. */
  message: string
  /** The normalised message; at most 300 characters. */
  text: string
  /** 32 hexadecimal digits. Two failures with the same fingerprint are the same failure. */
  fingerprint: string
  /** The symbol that the message quotes. Messages of two compilers about one symbol have different texts. */
  symbol: string | null
  excerpt: Excerpt
  /** At most ten further errors with other texts, in the order of their lines. */
  others: { line: number; text: string }[]
  /** The number of all error lines, with the winner; 0 if no rule found a line. */
  errors: number
  /** Probably a trouble of the host, such as a full disk. */
  fromHost: boolean
  /** The bytes in the middle of the step's log that the farm did not search. */
  skippedBytes: number
}

/**
 * Finds the line that says why a step failed. `chunks`: the log of the step, from its first byte to its last. Reads the
 * log once, keeps at most 10 MiB in memory, and needs about 0.2 s for this much. Throws only if `chunks` throws.
 */
export async function scanStep(chunks: AsyncIterable<Uint8Array>, options: ScanOptions): Promise<StepFailure> {
  const log = await keepEnds(chunks, options.firstLine ?? 1)
  if (options.timedOut) return timeout(log, options)
  const found = await findCandidates(log, options)
  const winner = chooseWinner(found.candidates, log.lastLine)
  return winner ? failureOf(log, options, found, winner) : lastLinesFailure(log, options, found)
}

function failureOf(log: StepLog, options: ScanOptions, found: Found, winner: Candidate): StepFailure {
  const { line, rule } = winner
  const lines = readLines(log, line - 2 * contextLinesMax, line + linesAfter)
  const message = winnerMessage(winner, lines)
  const text = normalise(message, options.texts)
  const alike = alikeWinner(found.candidates, winner)
  return {
    rule,
    line,
    message: cut(message, messageCharactersMax),
    text,
    fingerprint: fingerprint(rule, text),
    symbol: (winner.group === 'C' && symbolOf(text)) || null,
    excerpt: excerptAround(lines, line),
    others: othersOf(alike, winner, options),
    errors: alike.length + found.furtherCandidates,
    fromHost: isProbablyHost(found.candidates, line, options.exit),
    skippedBytes: log.skippedBytes,
  }
}

function othersOf(candidates: readonly Candidate[], winner: Candidate, { texts }: ScanOptions): StepFailure['others'] {
  const seen = new Set([normalise(winner.text, texts)])
  const others: StepFailure['others'] = []
  for (const { line, text } of candidates) {
    if (others.length >= othersMax) break
    const normal = normalise(text, texts)
    if (seen.has(normal)) continue
    seen.add(normal)
    others.push({ line, text: cut(text, messageCharactersMax) })
  }
  return others
}

function timeout(log: StepLog, options: ScanOptions): StepFailure {
  const end = readEnd(log)
  const text = `timed out: ${options.step}`
  return { ...atEnd(log, end), rule: 'timeout', message: end.at(-1)?.text ?? text, ...keyOf('timeout', text) }
}

function lastLinesFailure(log: StepLog, options: ScanOptions, found: Found): StepFailure {
  const end = readEnd(log)
  const last = end.at(-1)
  const silent = `no output: ${options.step}${options.exit === null ? '' : `, exit ${options.exit}`}`
  const text = last ? normalise(last.text, options.texts) : silent
  return {
    ...atEnd(log, end),
    rule: 'last-lines',
    message: last?.text ?? silent,
    ...keyOf('last-lines', text),
    fromHost: isProbablyHost(found.candidates, last?.line ?? log.lastLine, options.exit),
  }
}

const keyOf = (rule: StepFailure['rule'], text: string) => ({ text, fingerprint: fingerprint(rule, text) })

const atEnd = (log: StepLog, end: readonly NumberedLine[]) => ({
  line: end.at(-1)?.line ?? null,
  symbol: null,
  excerpt: excerptOf(end),
  others: [],
  errors: 0,
  fromHost: false,
  skippedBytes: log.skippedBytes,
})

const readEnd = (log: StepLog): NumberedLine[] =>
  lastLines(readLines(log, log.lastLine - endLinesMax, log.lastLine)).map(({ line, text }) => ({
    line,
    text: cut(text, messageCharactersMax),
  }))

const readLines = (log: StepLog, from: number, to: number): NumberedLine[] =>
  linesBetween(log, from, to).map(({ line, raw }) => ({ line, text: prepareLine(raw) }))
