import { expect, test } from 'vitest'
import { LineIndex } from './line-index.ts'
import type { LogQuery } from './log-query.ts'
import { openingOf } from './opening.ts'
import { logSections } from './sections.ts'
import type { StoredLog, WindowRequest } from './window.ts'

const line = (number: number) => `${String(number).padStart(9)}\n` // each line has ten bytes
const bytes = Buffer.from(Array.from({ length: 100 }, (_, index) => line(index + 1)).join(''))
const log: StoredLog = {
  size: bytes.length,
  read: (start, end) => [bytes.subarray(start, end)],
  index: new LineIndex(),
}
const ended = (name: string, exit: number, logBytes: number) => ({ name, exit, milliseconds: 5, logBytes })
const recipe = { steps: ['configure', 'build', 'tests'].map(name => ({ name, run: 'true' })) }
const steps = [ended('configure', 0, 200), ended('build', 2, 900)]
const sections = logSections({ steps, verdict: 'failed' }, recipe)
const nothing: LogQuery = {
  from: undefined,
  before: undefined,
  lines: undefined,
  step: undefined,
  find: undefined,
  match: 1,
  times: false,
}

test.each<[string, Partial<LogQuery>, { errorLine?: number; foundLine?: number; failed?: boolean }, WindowRequest]>([
  ['a running job', {}, {}, { lines: 100 }],
  ['a failed job', {}, { failed: true, errorLine: 51 }, { from: 400 }],
  ['a failed job with an error in its first lines', {}, { failed: true, errorLine: 5 }, { from: 0 }],
  ['a failed job without an error', {}, { failed: true }, { before: 900, lines: 60 }],
  ['lines', { lines: { first: 31, last: 40 } }, { failed: true, errorLine: 51 }, { from: 200 }],
  ['a found line', { find: 'x' }, { failed: true, errorLine: 51, foundLine: 31 }, { from: 200 }],
  ['a line that the log does not have', { lines: { first: 999, last: 999 } }, {}, { from: undefined }],
  ['a step', { step: 'configure' }, { failed: true, errorLine: 51 }, { from: 0 }],
  ['the failed step', { step: 'build' }, { failed: true, errorLine: 51 }, { from: 400 }],
  ['a step that did not run', { step: 'tests' }, { failed: true, errorLine: 51 }, { from: 400 }],
  ['a byte', { from: 77 }, { failed: true, errorLine: 51 }, { from: 77 }],
])('the page of %s opens at the right part of the log', async (_name, query, given, request) => {
  const opening = { errorLine: undefined, foundLine: undefined, failed: false, ...given }
  expect(await openingOf(log, { query: { ...nothing, ...query }, sections, ...opening })).toEqual(request)
})
