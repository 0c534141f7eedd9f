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
  expect(Buffer.byteLength(text)).toBeLessThan(80_000)
  expect(text).toMatch(/^[\t\n -~]*$/)
})

test('the bundle has every part once, one place for the address, and acts on its last line only', () => {
  const text = bundle('--readable')
  for (const part of readdirSync(join(folder, 'lib'))) {
    const first = readFileSync(join(folder, 'lib', part), 'utf8')
      .split('\n')
      .find(line => /^[a-z_]+\(\) /.test(line))
    if (first) expect(text.split(`\n${first}\n`).length, part).toBe(2)
  }
  expect(text.split('@FARM_URL@').length).toBe(2)
  expect(text).toMatch(/\nmain [^\n]*\n# end of agent.sh\n$/)
})

// What bash reads, printed by bash in its own layout; nothing of it is run.
const asBashReads = (text: string) =>
  execFileSync('bash', ['-c', `all() {\n${text}\n}\ndeclare -f all`], { encoding: 'utf8' })

test('the bundle is the readable agent but for its names: each name has one short one, which is no other’s', () => {
  const wordsOf = (text: string) =>
    asBashReads(text).split(/(?<![A-Za-z0-9_])(?=[A-Za-z_])|(?<=[A-Za-z0-9_])(?![A-Za-z0-9_])/)
  const long = wordsOf(bundle('--readable'))
  const short = wordsOf(bundle())
  expect(short.length).toBe(long.length)
  const names = new Map<string, string>()
  for (const [index, name] of long.entries()) {
    const given = short[index] ?? ''
    if (given !== name) expect(given).toMatch(/^_[0-9A-Za-z]+$/)
    expect(names.get(name) ?? given, name).toBe(given)
    names.set(name, given)
  }
  expect(new Set(names.values()).size).toBe(names.size)
})

test('what the agent says and writes has no short names in it', () => {
  const said = (text: string) =>
    [...text.matchAll(/(?<![\w${#])(?:say|die|put_line|_[0-9A-Za-z]+) ("[^"]*"|'[^']*')|<<'?EOF'?\n[\s\S]*?\nEOF/g)]
      .map(([found, quoted]) => (quoted ?? found).replaceAll(/`[^`]*`|\$\{?#?\w+/g, '$'))
      .join('\n')
  expect(said(bundle())).toContain('stop: Ctrl-C')
  expect(said(bundle())).not.toMatch(/(?<!\w)_[0-9A-Za-z]{1,2}(?!\w)/)
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

const compact = (text: string) => execFileSync('node', [join(folder, 'compact.mjs')], { input: text, encoding: 'utf8' })

test.each([
  [
    'functions and variables',
    'make_it() { sizes=$1 other=$sizes; make_it "$sizes" "$other"; }\n',
    '_1() { _0=$1 _2=$_0;_1 "$_0" "$_2";}\n',
  ],
  ['backquotes within quotes', 'count_it() { :; }\nsay "`count_it`"\n', '_0() { :;}\nsay "`_0`"\n'],
  ['arithmetic', 'total=1\ntotal=$((total + 1))\n', '_0=1\n_0=$((_0 + 1))\n'],
  ['operands of the same letters', 'count=1\ndd if=x count=2\n', undefined],
  [
    'options that look like assignments',
    'for option in Batch=1 \\\nCommand=2\nBatch=3 ssh\ndo :\ndone\nssh -o Local=1 \\\nPort=2\n',
    undefined,
  ],
  ['a pattern of the same letters', 'enroll() {\n:\n}\ncase $1 in\nenroll) enroll\nesac\n', undefined],
  ['an argument of the same letters', 'stopped() {\n:\n}\ngive stopped\n', undefined],
  ['what is quoted', 'trap \'kill_all\' TERM\nkill_all() {\n:\n}\nmemory=1\nsay "no memory; a || b"\n', undefined],
  [
    'blanks around operators',
    'a && b || c | d ; case x in y) e ;;\nz) f ;;\nesac\n',
    'a&&b||c|d;case x in y) e;;\nz) f\nesac\n',
  ],
  ['what other programs read', 'RUMPFARM_MARK=x\nTZONE=x\nexport TZONE\n', undefined],
  ['names that are put together', `"\${CLIENT}_post"\ncurl_post() {\n:\n}\n`, undefined],
])('compact: %s', (_, text, expected) => {
  expect(compact(text)).toBe(expected ?? text)
})
