// Each script is read by its shell, which then completes command lines.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { serverTest } from '../../../server/src/server.fixture.ts'
import { cliOf, keptStream } from '../cli.fixture.ts'
import { runCommandLine } from '../run.ts'

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0

const scriptFor = async (shell: string, env: Record<string, string> = {}) => {
  const out = keptStream()
  const signal = new AbortController().signal
  await runCommandLine(['completion', shell], { env, out, notes: keptStream(), signal, directory: '/' })
  return out.text()
}

/** A directory with the script, and with a program `rumpfarm` whose `__values` prints `KIND-1` and `KIND-2`. */
async function scene(shell: string) {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-completion-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'rumpfarm'), '#!/bin/sh\nprintf "%s-1\\n%s-2\\n" "$2" "$2"\n', { mode: 0o755 })
  const file = join(directory, 'script')
  writeFileSync(file, await scriptFor(shell))
  const run = (text: string) => {
    const env = { PATH: `${directory}:${process.env.PATH}`, HOME: directory, TERM: 'dumb' }
    const { stdout, stderr, status } = spawnSync(shell, ['-c', text], { encoding: 'utf8', env, cwd: directory })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    return stdout
      .split('\n')
      .filter(word => word !== '')
      .sort()
  }
  return { file, run }
}

const expected: [string, string[]][] = [
  ['rumpfarm tri', ['trigger']],
  ['rumpfarm host pa', ['pause']],
  ['rumpfarm trigger ', ['project-1', 'project-2']],
  ['rumpfarm host pause ', ['host-1', 'host-2']],
  ['rumpfarm watch ', ['build-1', 'build-2']],
  ['rumpfarm log --ta', ['--tail']],
  ['rumpfarm trigger hello --host ', ['host-1', 'host-2']],
  ['rumpfarm token create x --scope ', ['admin', 'trigger', 'try']],
  ['rumpfarm completion ', ['bash', 'fish', 'zsh']],
]

test.runIf(has('bash'))('bash completes commands, options and names of the farm', async () => {
  const { file, run } = await scene('bash')
  for (const [line, words] of expected) {
    const typed = line.split(' ')
    const list = typed.map(word => `'${word}'`).join(' ')
    const text = `. ${file}; COMP_WORDS=(${list}); COMP_CWORD=${typed.length - 1}; _rumpfarm; printf '%s\\n' "\${COMPREPLY[@]}"`
    expect([line, run(text)]).toEqual([line, words])
  }
  expect(run(`. ${file}; complete -p rumpfarm`)).toEqual(['complete -F _rumpfarm rumpfarm'])
})

test.runIf(has('fish'))('fish completes commands, options and names of the farm', async () => {
  const { file, run } = await scene('fish')
  for (const [line, words] of expected) {
    const found = run(`source ${file}; complete -C '${line}'`).map(word => word.split('\t')[0])
    expect([line, found]).toEqual([line, words])
  }
})

test.runIf(has('zsh'))('zsh accepts the script, and completes with functions that it defines', async () => {
  const { file, run } = await scene('zsh')
  expect(run(`compdef() { print -- "$@" }; source ${file}`)).toEqual(['_rumpfarm rumpfarm'])
  // zsh completes only in a terminal. Instead, these functions print what they would offer.
  const offer = `_describe() { print -l -- \${\${(P)2}%%:*} }; compadd() { print -l -- \${(P)2} }; _arguments() { print -l -- "$@" }`
  const complete = (...words: string[]) =>
    run(
      `compdef() {}; source ${file}; ${offer}
       words=(${words.map(word => `'${word}'`).join(' ')}); CURRENT=${words.length}; _rumpfarm`,
    )
  expect(complete('rumpfarm', 'tri')).toContain('trigger')
  expect(complete('rumpfarm', 'host', 'pa')).toEqual(['alert', 'invite', 'pause', 'remove', 'resume', 'show'])
  const log = complete('rumpfarm', 'log', '')
  for (const spec of ['--tail[only the last N lines]:value: ', '1:argument:{_rumpfarm_values job}'])
    expect(log).toContain(spec)
})

test('the script of a clone has the commands of ./farm too', async () => {
  const script = await scriptFor('bash', { RUMPFARM_CLONE: '/srv/farm' })
  expect(script).toContain('complete -F _rumpfarm farm ./farm')
  expect(script).toMatch(/"status [^"]* conformance /)
})

serverTest('__values prints names of the farm, and nothing if no farm answers', async ({ server }) => {
  await server.configure()
  await server.host('vax')
  await server.build()
  const { run } = await cliOf(server)
  const names = async (kind: string) => (await run(`__values ${kind}`)).lines
  expect(await names('project')).toEqual(['sample'])
  expect(await names('host')).toEqual(['vax'])
  expect(await names('build')).toEqual(['1'])
  expect(await names('job')).toEqual(['1'])
  expect(await names('other')).toEqual([])
  expect(await run('__values host', { env: { RUMPFARM_URL: 'http://127.0.0.1:3' } })).toMatchObject({
    exit: 0,
    out: '',
    notes: '',
  })
})
