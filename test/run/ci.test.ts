import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { resolve as absolute, join } from 'node:path'
import { expect, test } from 'vitest'

const script = absolute(import.meta.dirname, '../../.ci/run')

/** Runs `.ci/run` with a program `farm` that writes these reports. Without a report, the program ends with an error. */
const runCi = async (reports: { test?: string; node?: string }): Promise<{ code: number; output: string }> => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-ci-'))
  try {
    await mkdir(join(directory, '.ci'))
    await mkdir(join(directory, '.farm/report'), { recursive: true })
    await copyFile(script, join(directory, '.ci/run'))
    await writeFile(join(directory, '.farm/report/test.txt'), '7 passed, 0 failed\n') // of an earlier run
    const write = (report: string | undefined, file: string) =>
      report === undefined
        ? 'exit 3'
        : `cat >.farm/report/${file}.txt <<'END'\n${report}\nEND\n! grep -q '[1-9] failed' .farm/report/${file}.txt`
    const farm = `#!/bin/sh\nif [ $# -eq 1 ]; then\n${write(reports.test, 'test')}\nelse\n${write(reports.node, 'node')}\nfi\n`
    await writeFile(join(directory, 'farm'), farm, { mode: 0o755 })
    return await new Promise(resolve =>
      execFile('sh', ['.ci/run'], { cwd: directory }, (error, output) =>
        resolve({ code: Number(error?.code ?? 0), output: output.replace(/--node [\d.]+/g, '--node V') }),
      ),
    )
  } finally {
    await rm(directory, { recursive: true })
  }
}

test('the end of .ci/run has the failures of both runs, and the sum of their tests', async () => {
  const { code, output } = await runCi({
    test: 'FAILED  a.test.ts: one\n    Error: no\n\n20 passed, 1 failed',
    node: '10 passed, 0 failed',
  })
  expect(code).toBe(1)
  expect(output).toBe(`
./farm test: 20 passed, 1 failed
FAILED  a.test.ts: one
    Error: no

./farm test --node V: 10 passed, 0 failed

30 passed, 1 failed
`)
})

test('if both runs pass, .ci/run exits with 0', async () => {
  const { code, output } = await runCi({ test: '20 passed, 0 failed', node: '10 passed, 0 failed' })
  expect(code).toBe(0)
  expect(output).toMatch(/\n30 passed, 0 failed\n$/)
})

test('a run without a report counts as a failed test, and the report of an earlier run does not count', async () => {
  const { code, output } = await runCi({ node: '10 passed, 0 failed' })
  expect(code).toBe(1)
  expect(output).toContain('./farm test: 0 passed, 1 failed\nFAILED  ./farm test ended early; see its output above\n')
  expect(output).toMatch(/\n10 passed, 1 failed\n$/)
})
