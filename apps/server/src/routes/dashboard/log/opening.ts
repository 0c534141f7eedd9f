import type { LogQuery } from './log-query.ts'
import type { LogSection } from './sections.ts'
import { offsetAbove, type StoredLog, type WindowRequest } from './window.ts'

export interface Opening {
  query: LogQuery
  sections: readonly LogSection[]
  /** The line of the first error; undefined if the job has not failed, or if the line is not known. */
  errorLine: number | undefined
  /** The line that contains the text of a search. */
  foundLine: number | undefined
  failed: boolean
}

/** The page of a job without an error shows this many of its newest lines. */
const newestLines = 100
/** If the line of the error is not known, the page shows this many lines before the end of the failed step. */
const lastLinesOfStep = 60

/**
 * The part of the log that a page shows: the part in the address; else the error of a failed job; else the newest lines.
 */
export async function openingOf(log: StoredLog, opening: Opening): Promise<WindowRequest> {
  const { query, foundLine } = opening
  if (query.from !== undefined) return { from: query.from }
  if (query.before !== undefined) return { before: query.before }
  const line = query.lines?.first ?? foundLine
  if (line !== undefined) return { from: await offsetAbove(log, line) }
  return (await openingOfStep(log, opening)) ?? openingOfFailure(log, opening)
}

async function openingOfStep(
  log: StoredLog,
  { query, sections, ...opening }: Opening,
): Promise<WindowRequest | undefined> {
  const section = sections.find(({ step }) => step !== undefined && step === query.step)
  if (!section) return undefined
  if (!opening.failed || section !== failedSection(sections)) return { from: section.start }
  return openingOfFailure(log, { query, sections, ...opening })
}

async function openingOfFailure(
  log: StoredLog,
  { sections, errorLine, failed }: Pick<Opening, 'sections' | 'errorLine' | 'failed' | 'query'>,
): Promise<WindowRequest> {
  if (!failed) return { lines: newestLines }
  const from = errorLine === undefined ? undefined : await offsetAbove(log, errorLine)
  if (from !== undefined) return { from }
  const end = failedSection(sections)?.end
  return end === undefined ? { lines: newestLines } : { before: end, lines: lastLinesOfStep }
}

export const failedSection = (sections: readonly LogSection[]): LogSection | undefined =>
  sections.find(({ exit }) => exit !== undefined && exit !== 0)
