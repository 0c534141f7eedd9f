// Runs the shipped sample with the steps in farm.yaml.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

test('`make check` runs the programs of the sample with the command in FARM_RUN', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-sample-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  cpSync(fileURLToPath(new URL('../samples/this-unix', import.meta.url)), directory, { recursive: true })
  writeFileSync(join(directory, 'runner'), 'echo "$1" >>run-by-runner\nexec "$@"\n')
  const env = { ...process.env, FARM_RUN: 'sh ./runner' }
  execFileSync('sh', ['-ec', 'sh ./configure; make; make check'], { cwd: directory, env, stdio: 'pipe' })
  const programs = readFileSync(join(directory, 'run-by-runner'), 'utf8').split('\n').filter(Boolean)
  expect(new Set(programs)).toEqual(new Set(['./checks', './this-unix']))
})
