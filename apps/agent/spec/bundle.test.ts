import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundle } from './support/host.ts'

const folder = join(import.meta.dirname, '..')

test('the bundle is the same from anywhere, small, and plain ASCII', () => {
  const text = bundle()
  const elsewhere = execFileSync('sh', [join(folder, 'bundle.sh')], {
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  expect(elsewhere).toBe(text)
  expect(Buffer.byteLength(text)).toBeLessThan(75_000)
  expect(text).toMatch(/^[\t\n -~]*$/)
})

test('the bundle has every part once, one place for the address, and acts on its last line only', () => {
  const text = bundle()
  for (const part of readdirSync(join(folder, 'lib'))) {
    const first = readFileSync(join(folder, 'lib', part), 'utf8')
      .split('\n')
      .find(line => /^[a-z_]+\(\) /.test(line))
    if (first) expect(text.split(`\n${first}\n`).length, part).toBe(2)
  }
  expect(text.split('@FARM_URL@').length).toBe(2)
  expect(text).toMatch(/\nmain [^\n]*\n# end of agent.sh\n$/)
})

test('the bundle is the parts without comments and indentation: the words that a shell sees are the same', () => {
  const commented = execFileSync('sh', [join(folder, 'bundle.sh'), '--commented'], { encoding: 'utf8' })
  // What bash reads, printed by bash: its own layout of every function.
  const functions = (text: string) =>
    execFileSync('bash', ['-c', `${text.replace(/\nmain [^\n]*\n(# end of agent.sh\n)?$/, '\n')}\ndeclare -f`], {
      encoding: 'utf8',
    })
  expect(functions(bundle())).toBe(functions(commented))
})

test('no part has a $( ), which bash 5.2 cannot read while a trap runs', () => {
  const lines = bundle()
    .split('\n')
    .filter(line => /\$\([^(]/.test(line) && !line.startsWith('#'))
  expect(lines).toEqual([])
})

test('shellcheck has nothing to say', () => {
  execFileSync('sh', [join(folder, 'check.sh')], { stdio: 'pipe' })
})
