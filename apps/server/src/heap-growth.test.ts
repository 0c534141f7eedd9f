import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

test('this Node.js has the option that makes V8 collect its old generation more often', () => {
  expect(execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })).toContain('--heap-growing-percent')
})
