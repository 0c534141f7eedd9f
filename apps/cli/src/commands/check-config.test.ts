import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeMistake, readFarmYaml } from '@rumpfarm/farm/farm-yaml'
import { expect, onTestFinished, test } from 'vitest'
import { keptStream } from '../cli.fixture.ts'
import { runCommandLine } from '../run.ts'

/** Runs a command in a directory with this farm.yaml. No farm is known. */
function scene(text?: string) {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-check-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  if (text !== undefined) writeFileSync(join(directory, 'farm.yaml'), text)
  return async (...words: string[]) => {
    const [out, notes] = [keptStream(), keptStream()]
    const env = { RUMPFARM_URL: 'http://127.0.0.1:1' }
    const signal = new AbortController().signal
    const exit = await runCommandLine(words, { env, directory, out, notes, signal })
    return { exit, out: out.text(), notes: notes.text() }
  }
}

const wrong = `projects:
  hello:
    repository: .
    branchs: [main]
    steps:
      - build: make
      - make it: x
`

test('check-config prints the errors of the server with their positions, and exits with 1', async () => {
  const run = scene(wrong)
  const read = readFarmYaml(wrong, { file: 'farm.yaml', directory: '/' })
  const messages = read.kind === 'mistakes' ? read.mistakes.map(describeMistake) : []
  expect(messages.map(message => /^farm.yaml:\d+:\d+/.exec(message)?.[0])).toEqual(['farm.yaml:4:5', 'farm.yaml:7:9'])
  expect(await run('check-config')).toEqual({ exit: 1, out: `${messages.join('\n')}\n`, notes: '' })
  const json = await run('check-config', 'farm.yaml', '--json')
  expect([json.exit, JSON.parse(json.out)]).toMatchObject([
    1,
    { valid: false, mistakes: [{ line: 4, column: 5, path: 'projects.hello.branchs', message: messages[0] }, {}] },
  ])
})

test('check-config prints the path as the caller gave it, so that editors find the file', async () => {
  const run = scene(wrong)
  const { file } = JSON.parse((await run('check-config', '--json')).out)
  for (const path of ['./farm.yaml', file]) {
    const { exit, out } = await run('check-config', path)
    expect([exit, out.split('\n').map(line => line.split(':')[0])]).toEqual([1, [path, path, '']])
  }
})

test('check-config exits with 0 if there are no errors, and with 2 if the file cannot be read', async () => {
  const run = scene('projects: { hello: { repository: ., steps: [{ build: make }] } }\n')
  expect(await run('check-config')).toEqual({ exit: 0, out: 'farm.yaml: no errors\n', notes: '' })
  expect(JSON.parse((await run('check-config', '--json')).out)).toMatchObject({ valid: true, projects: ['hello'] })
  const missing = await scene()('check-config')
  expect([missing.exit, missing.notes]).toEqual([
    2,
    expect.stringMatching(/farm\.yaml cannot be read: there is no such file\n/),
  ])
})

test('schema prints the JSON Schema of farm.yaml', async () => {
  const { exit, out } = await scene()('schema')
  expect([exit, JSON.parse(out)]).toMatchObject([
    0,
    { $schema: 'http://json-schema.org/draft-07/schema#', required: ['projects'] },
  ])
})
