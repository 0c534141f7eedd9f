import type { TestHistoryResult } from '@rumpfarm/farm'
import { escapeHtml } from '../../components/escape.ts'
import { shortCommit } from '../../components/status.ts'
import { outcomeClass, outcomeWord } from '../../components/test-outcome.tsx'
import { moment } from '../../components/times.ts'

// This file uses strings instead of components, because a page has a thousand results.

const letters = {
  passed: 'p',
  failed: 'F',
  errored: 'E',
  skipped: 's',
  'expected-failure': 'x',
  'unexpected-pass': 'X',
}

/** The results of a cell as letters. Each letter is a link to the tests of its attempt. */
export const resultsHtml = (results: readonly TestHistoryResult[], publicPath: string): string =>
  results.map(result => resultHtml(result, publicPath)).join('')

function resultHtml({ outcome, attempt, commit, branch, finishedAt }: TestHistoryResult, publicPath: string): string {
  const what = escapeHtml(`${outcomeWord(outcome)}, ${shortCommit(commit)} ${branch ?? ''}, ${moment(finishedAt)}`)
  const path = `${publicPath}/jobs/${attempt.replace('.', '/attempts/')}/tests`
  return `<a class="result ${outcomeClass(outcome)}" href="${path}" title="${what}" aria-label="job ${attempt}: ${what}">${letters[outcome]}</a> `
}
