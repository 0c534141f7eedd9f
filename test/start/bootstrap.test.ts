import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const farm = fileURLToPath(new URL('../../farm', import.meta.url))
const shell = '/bin/sh'

/** Makes a PATH with only these programs. `null` means the program of this machine, and a text is a script. */
const pathWith = (programs: Record<string, string | null>): string => {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-path-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  for (const [name, script] of Object.entries(programs)) {
    const file = join(directory, name)
    if (script === null)
      symlinkSync(spawnSync(shell, ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim(), file)
    else {
      writeFileSync(file, `#!${shell}\n${script}\n`)
      chmodSync(file, 0o755)
    }
  }
  return directory
}

const basics = { dirname: null, readlink: null }

const run = (PATH: string, ...words: string[]) => {
  const { status, stdout, stderr } = spawnSync(shell, [farm, ...words], { encoding: 'utf8', env: { PATH } })
  return { status, output: stdout + stderr }
}

test.each([
  {
    name: 'no Node',
    programs: {},
    message: /^farm: Node\.js is not installed\. Install Node\.js 24, or any version from 20\.19.*\n$/,
  },
  {
    name: 'an old Node',
    programs: { node: 'echo v18.20.4' },
    message: /^farm: Node\.js v18\.20\.4 \(\S+\) is too old\. Install.*20\.19.*\n$/,
  },
  {
    name: 'an early Node 20',
    programs: { node: 'echo v20.18.3' },
    message: /^farm: Node\.js v20\.18\.3 \(\S+\) is too old.*\n$/,
  },
  {
    name: 'a Node with an unknown version',
    programs: { node: 'echo what' },
    message: /^farm: \S+ --version prints 'what'.*\n$/,
  },
  { name: 'a Node that does not run', programs: { node: 'exit 127' }, message: /^farm: \S+ does not run.*\n$/ },
  { name: 'no npm', programs: { node: 'echo v20.19.0' }, message: /^farm: npm is not installed.*\n$/ },
  { name: 'no git', programs: { node: 'echo v22.1.0', npx: '' }, message: /^farm: git is not installed.*\n$/ },
])('./farm reports $name in one line', ({ programs, message }) => {
  const { status, output } = run(pathWith({ ...basics, ...(programs as Record<string, string>) }), 'start')
  expect(output).toMatch(message)
  expect(status).toBe(1)
})

test('./farm prints its help without Node.js', () => {
  const { status, output } = run(pathWith({ ...basics, cat: null }), 'help')
  expect(output).toContain('./farm trigger PROJECT [COMMIT|BRANCH]')
  expect(status).toBe(0)
})

test('./farm prints its usage after an unknown command', () => {
  const { status, output } = run(pathWith({ ...basics, cat: null }), 'strat')
  expect(output).toMatch(/^usage: /)
  expect(status).toBe(2)
})

test('./farm finds its clone through a symbolic link, from any directory', () => {
  const directory = pathWith({})
  symlinkSync(farm, join(directory, 'my farm'))
  const { status } = spawnSync(join(directory, 'my farm'), ['help'], { cwd: '/' })
  expect(status).toBe(0)
})
