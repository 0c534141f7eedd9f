import type { CommitColumn, FoldedResult } from '@rumpfarm/farm'
import { escapeHtml } from '../../components/escape.ts'
import { statusLabel } from '../../components/status.ts'

// This file uses strings instead of components: for 50 commits and 60 columns, components took 30 ms of CPU.

/** The cells of a row: the result of the commit in each column. */
export const resultsHtml = (
  results: readonly (FoldedResult | null)[],
  columns: readonly CommitColumn[],
  publicPath: string,
): string =>
  results.map((result, index) => (result ? cellHtml(result, columns[index], publicPath) : '<td></td>')).join('')

function cellHtml(result: FoldedResult, column: CommitColumn | undefined, publicPath: string): string {
  const status = result.verdict ?? 'queued'
  const words = escapeHtml(`${column?.host} ${column?.arch}: ${wordsOf(result)}`)
  const text = `<span class="hidden-text">${words}</span>`
  return `<td class="of-${status}"><a class="mark ${status}" href="${publicPath}/jobs/${result.jobId}" title="${words}">${text}</a></td>`
}

function wordsOf({ verdict, failedStep, variants, of }: FoldedResult): string {
  if (verdict === null) return 'not finished'
  const step = verdict !== 'passed' && failedStep !== null ? ` at ${failedStep}` : ''
  const count = of > 1 && verdict !== 'passed' ? ` (${variants} of ${of} variants)` : ''
  return `${statusLabel[verdict]}${step}${count}`
}
