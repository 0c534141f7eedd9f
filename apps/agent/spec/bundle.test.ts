import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bundle } from './support/host.ts'

const folder = join(import.meta.dirname, '..')

test('bundle.sh makes the same agent in any directory, with at most 128 KiB of plain ASCII', () => {
  const text = bundle()
  const elsewhere = execFileSync('sh', [join(folder, 'bundle.sh')], {
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  expect(elsewhere).toBe(text)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(128 * 1024)
  expect(text).toMatch(/^[\t\n -~]*$/)
})

test('the agent contains every part once, in the order that its header lists', () => {
  const text = bundle()
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found)
  const listed = all(/^# {3}[a-z].*: +(.*)$/gm).flatMap(parts => parts.split(' '))
  expect(all(/^# ==== (.*)\.sh ====$/gm)).toEqual(listed)
  expect(['start', ...listed].map(part => `${part}.sh`).sort()).toEqual(readdirSync(join(folder, 'lib')).sort())
})

test('agent.sh defines each function only once', () => {
  const functions = [...bundle().matchAll(/^([a-z_0-9]+)\(\) /gm)].map(([, name]) => name)
  expect(functions.length).toBe(new Set(functions).size)
})

test('the agent has one placeholder for the farm’s address, and only the last line of the agent starts a command', () => {
  const text = bundle()
  expect(text.split('@FARM_URL@').length).toBe(2)
  expect(text).toMatch(/\nmain [^\n]*\n# end of agent.sh\n$/)
})

test('the agent has no $( ), which bash 5.2 cannot read while a trap runs', () => {
  const lines = bundle()
    .split('\n')
    .filter(line => /\$\([^(]/.test(line) && !line.startsWith('#'))
  expect(lines).toEqual([])
})
