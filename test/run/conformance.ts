// `./farm conformance`: every scenario with every shell and every client, and the table of docs/hosts.md.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { failures, type Result, tableOf, withTable } from '../conformance/table.ts'
import { aloud } from './command.ts'
import { haveTools } from './tools.ts'

const page = 'docs/hosts.md'

const usage = `usage: ./farm conformance [--shell NAME] [--client NAME] [--scenario WORDS] [--at-once N] [--no-page]
Without a choice everything is played, and the table goes into ${page}.`

/** How each shell and client tells its version; of those that do not, their package does. */
const asks: Record<string, [string, ...string[]]> = {
  dash: ['dpkg-query', '-W', 'dash'],
  bash: ['bash', '--version'],
  mksh: ['mksh', '-c', 'echo "$KSH_VERSION"'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's, not ours
  ksh93: ['ksh93', '-c', 'echo "${.sh.version}"'],
  yash: ['yash', '--version'],
  posh: ['dpkg-query', '-W', 'posh'],
  busybox: ['busybox'],
  zsh: ['zsh', '--version'],
  curl: ['curl', '--version'],
  wget: ['wget', '--version'],
  perl: ['perl', '-e', 'printf "%vd", $^V'],
  python: ['python3', '--version'],
  'OpenBSD nc': ['dpkg-query', '-W', 'netcat-openbsd'],
  openssl: ['openssl', 'version'],
}

const versionOf = ([command, ...words]: readonly [string, ...string[]]): string => {
  const said = spawnSync(command, words, { encoding: 'utf8' }).stdout ?? ''
  return /\bv?(R?\d[^\s,;()]*)/.exec(said)?.[1] ?? 'of unknown version'
}

const versions = (): string =>
  Object.entries(asks)
    .map(([name, ask]) => `${name} ${versionOf(ask)}`)
    .join(', ')

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    shell: { type: 'string', multiple: true },
    client: { type: 'string', multiple: true },
    scenario: { type: 'string', multiple: true },
    'at-once': { type: 'string', default: '8' },
    'no-page': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const { shell, client, scenario } = values
const chosen = shell ?? client ?? scenario

async function play(): Promise<number> {
  const { failed } = await haveTools()
  if (failed > 0) return 1
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-conformance-'))
  try {
    const file = join(directory, 'results')
    const code = await aloud('vitest', ['run', '--project', 'test', 'conformance/conformance.test.ts'], {
      CONFORMANCE: JSON.stringify({ shell, client, scenario }),
      CONFORMANCE_AT_ONCE: values['at-once'],
      CONFORMANCE_RESULTS: file,
    })
    return tell(readFileSync(file, 'utf8'), code)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function tell(lines: string, code: number): number {
  const results = lines
    .trimEnd()
    .split('\n')
    .map((line): Result => JSON.parse(line))
  const failed = failures(results)
  const passed = results.filter(result => result.passed).length
  const table = tableOf(results)
  const text = `${new Date().toISOString().slice(0, 10)}, ${versions()}.\n\n${table}`
  console.log(`\n${text}\n`)
  for (const words of failed) console.log(`FAILED  ${words}`)
  if (!chosen && !values['no-page']) writeFileSync(page, withTable(readFileSync(page, 'utf8'), text))
  console.log(`\n${passed} passed, ${failed.length} failed`)
  return failed.length > 0 || passed === 0 ? 1 : code
}

if (values.help) console.log(usage)
else process.exitCode = await play()
