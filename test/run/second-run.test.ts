import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { type RunAgain, reportText, type TestResult } from './results.ts'
import { decide, filesToRepeat, withSecondRun } from './second-run.ts'
import { runVitest } from './vitest.ts'

const never: RunAgain = () => Promise.reject(new Error('this file must not run again'))

const result = (file: string, name: string, status: TestResult['status'], runAgain?: RunAgain): TestResult => ({
  file,
  name,
  status,
  error: status === 'failed' ? `Error: ${name}` : '',
  ...(runAgain && { runAgain }),
})

test('the second run has each file with a failed test once, but no command', () => {
  const results = [
    result('a', 'one', 'failed', never),
    result('a', 'two', 'failed', never),
    result('b', 'three', 'passed', never),
    result('', 'shellcheck', 'failed'),
  ]
  expect([...filesToRepeat(results)]).toEqual([[never, ['a']]])
})

test('ten files with failed tests run again, and eleven do not', () => {
  const files = (number: number) => Array.from({ length: number }, (_, n) => result(`${n}`, 'x', 'failed', never))
  expect(filesToRepeat(files(10)).get(never)).toHaveLength(10)
  expect(filesToRepeat(files(11)).size).toBe(0)
})

const unsteady = (name: string) => ({ ...result('a', name, 'passed'), firstError: `Error: ${name}` })

test.each<{ name: string; first: TestResult[]; second: TestResult[]; want: TestResult[] }>([
  {
    name: 'a test that passes only there is listed',
    first: [result('a', 'one', 'failed'), result('a', 'two', 'passed')],
    second: [result('a', 'one', 'passed'), result('a', 'two', 'passed')],
    want: [unsteady('one'), result('a', 'two', 'passed')],
  },
  {
    name: 'a test that fails twice has failed',
    first: [result('a', 'one', 'failed')],
    second: [result('a', 'one', 'failed')],
    want: [result('a', 'one', 'failed')],
  },
  {
    name: 'a test that fails only there has failed',
    first: [result('a', 'one', 'failed'), result('a', 'two', 'passed')],
    second: [result('a', 'one', 'passed'), result('a', 'two', 'failed')],
    want: [unsteady('one'), result('a', 'two', 'failed')],
  },
  {
    name: 'a failed test that is absent there has failed',
    first: [result('a', 'one', 'failed')],
    second: [result('a', 'two', 'passed')],
    want: [result('a', 'two', 'passed'), result('a', 'one', 'failed')],
  },
  {
    name: 'a file that loads only there is listed',
    first: [result('a', '', 'failed')],
    second: [result('a', 'one', 'passed')],
    want: [result('a', 'one', 'passed'), { ...unsteady(''), error: '' }],
  },
  {
    name: 'a file without tests there has failed',
    first: [result('a', '', 'failed')],
    second: [],
    want: [result('a', '', 'failed')],
  },
])('the second run decides: $name', ({ first, second, want }) => {
  expect(decide(first, second)).toEqual(want.map(one => expect.objectContaining(one)))
})

const unsteadyFile = `
import { existsSync, writeFileSync } from 'node:fs'
test('is slow beside others', () => {
  const isSecond = existsSync(import.meta.dirname + '/ran')
  writeFileSync(import.meta.dirname + '/ran', '')
  expect(isSecond, 'timed out').toBe(true)
})
test('is steady', () => {})
`

/** Runs vitest in a directory outside of the repository with these files. */
const runFiles = async (files: Record<string, string>): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-second-run-'))
  const log = vi.spyOn(console, 'log').mockReturnValue()
  try {
    const config = `export default { test: { globals: true, pool: 'threads' } }`
    for (const [name, text] of Object.entries({ ...files, 'vitest.config.mjs': config }))
      await writeFile(join(directory, name), text)
    const words = ['--root', directory, '--config', join(directory, 'vitest.config.mjs')]
    const first = await runVitest(directory, { words, beside: true })
    const results = await withSecondRun(first)
    const text = reportText(results.sort((one, other) => one.file.localeCompare(other.file)))
    return text.replace(/\S*rumpfarm-second-run-[^/]*/g, basename(tmpdir()))
  } finally {
    log.mockRestore()
    await rm(directory, { recursive: true })
  }
}

test('vitest runs the files with failed tests again, and the report says what passed only then', async () => {
  const text = await runFiles({
    'unsteady.test.js': unsteadyFile,
    'broken.test.js': `test('is broken', () => expect(1).toBe(2))`,
    'unloadable.test.js': `throw new Error('no such server')`,
    'outside.test.js': `test('leaves a promise', () => { Promise.reject(new Error('nobody waits')) })`,
  })
  expect(text).toMatchInlineSnapshot(`
    "1 test passed only in the second run. Each of them is a defect to find: it failed beside the other tests.
    UNSTEADY  tmp/unsteady.test.js: is slow beside others
        AssertionError: timed out: expected false to be true // Object.is equality
        at tmp/unsteady.test.js:6

    FAILED  tmp/broken.test.js: is broken
        AssertionError: expected 1 to be 2 // Object.is equality
        at tmp/broken.test.js:1
    FAILED  tmp/outside.test.js
        Error: nobody waits
        at tmp/outside.test.js:1
    FAILED  tmp/unloadable.test.js
        Error: no such server
        at tmp/unloadable.test.js:1

    3 passed, 3 failed"
  `)
})
