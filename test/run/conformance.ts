// `./farm conformance`: every scenario with every shell and every client, and the table of docs/hosts.md.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { clients, shells } from '../conformance/combinations.ts'
import { failures, type Result, read, successes, tableOf, withTable } from '../conformance/table.ts'
import { runVisibly } from './command.ts'
import { installTools } from './tools.ts'

const page = 'docs/hosts.md'

/** The file with the results of the newest run, one per line. */
const resultsFile = '.farm/conformance'

const usage = `usage: ./farm conformance [--shell NAME]… [--client NAME]… [--scenario WORDS]… [--slice K/N] [--at-once N] [--resume]
Without options, this runs every scenario with every shell and client, which takes an hour, and writes the table of
${page}. --slice runs every Nth round, beginning with the Kth. --resume keeps the results of the previous run, and runs
only the rounds that have not passed.`

/** For each shell and client, the command that prints its version: the program itself if it can, or dpkg-query. */
const versionCommands: Record<string, [string, ...string[]]> = {
  dash: ['dpkg-query', '-W', 'dash'],
  bash: ['bash', '--version'],
  mksh: ['mksh', '-c', 'echo "$KSH_VERSION"'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands this
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
  const output = spawnSync(command, words, { encoding: 'utf8' }).stdout ?? ''
  return /\bv?(R?\d[^\s,;()]*)/.exec(output)?.[1] ?? '(unknown version)'
}

const versions = (): string =>
  Object.entries(versionCommands)
    .map(([name, command]) => `${name} ${versionOf(command)}`)
    .join(', ')

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    shell: { type: 'string', multiple: true },
    client: { type: 'string', multiple: true },
    scenario: { type: 'string', multiple: true },
    slice: { type: 'string' },
    'at-once': { type: 'string', default: '8' },
    resume: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const { shell, client, scenario, slice, resume } = values
const selection = shell ?? client ?? scenario ?? slice

async function runConformance(): Promise<number> {
  const tools = await installTools()
  if (tools.some(({ status }) => status === 'failed')) return 1
  mkdirSync(dirname(resultsFile), { recursive: true })
  if (!resume) rmSync(resultsFile, { force: true })
  const code = await runVisibly('vitest', ['run', '--project', 'test', 'conformance/conformance.test.ts'], {
    CONFORMANCE: JSON.stringify({ shell, client, scenario, slice }),
    CONFORMANCE_AT_ONCE: values['at-once'],
    CONFORMANCE_RESULTS: resolve(resultsFile),
  })
  return report(read(resultsFile).sort(inTableOrder), code)
}

const inTableOrder = (one: Result, other: Result): number =>
  shells.indexOf(one.shell) - shells.indexOf(other.shell) || clients.indexOf(one.client) - clients.indexOf(other.client)

function report(results: readonly Result[], code: number): number {
  const [passed, failed] = [successes(results), failures(results)]
  const rounds = `${passed.length + failed.length} rounds, ${failed.length} failed`
  const text = `${new Date().toISOString().slice(0, 10)}: ${rounds}. ${versions()}.\n\n${tableOf(results)}`
  console.log(`\n${text}\n`)
  for (const words of failed) console.log(`FAILED  ${words}`)
  if (!selection) writeFileSync(page, withTable(readFileSync(page, 'utf8'), text))
  console.log(`\n${passed.length} passed, ${failed.length} failed`)
  return failed.length > 0 || passed.length === 0 ? 1 : resume ? 0 : code
}

if (values.help) console.log(usage)
else process.exitCode = await runConformance()
