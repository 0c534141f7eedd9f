// `./farm conformance`: every scenario with every shell and every client, and the table of docs/hosts.md.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { clients, shells } from '../conformance/combinations.ts'
import { failures, type Result, read, successes, tableOf, withTable } from '../conformance/table.ts'
import { aloud } from './command.ts'
import { haveTools } from './tools.ts'

const page = 'docs/hosts.md'

/** The results of the newest run, line by line. */
const kept = '.farm/conformance'

const usage = `usage: ./farm conformance [--shell NAME]… [--client NAME]… [--scenario WORDS]… [--slice K/N] [--at-once N] [--resume]
Without a choice everything is played, which takes an hour, and the table goes into ${page}. --slice plays every Nth
round, beginning with the Kth. --resume adds to the results of the run before, and plays nothing again that passed there.`

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
    slice: { type: 'string' },
    'at-once': { type: 'string', default: '8' },
    resume: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const { shell, client, scenario, slice, resume } = values
const chosen = shell ?? client ?? scenario ?? slice

async function play(): Promise<number> {
  const { failed } = await haveTools()
  if (failed > 0) return 1
  mkdirSync(dirname(kept), { recursive: true })
  if (!resume) rmSync(kept, { force: true })
  const code = await aloud('vitest', ['run', '--project', 'test', 'conformance/conformance.test.ts'], {
    CONFORMANCE: JSON.stringify({ shell, client, scenario, slice }),
    CONFORMANCE_AT_ONCE: values['at-once'],
    CONFORMANCE_RESULTS: resolve(kept),
  })
  return tell(read(kept).sort(byPlace), code)
}

const byPlace = (one: Result, other: Result): number =>
  shells.indexOf(one.shell) - shells.indexOf(other.shell) || clients.indexOf(one.client) - clients.indexOf(other.client)

function tell(results: readonly Result[], code: number): number {
  const [passed, failed] = [successes(results), failures(results)]
  const rounds = `${passed.length + failed.length} rounds played, ${failed.length} failed`
  const text = `${new Date().toISOString().slice(0, 10)}: ${rounds}. ${versions()}.\n\n${tableOf(results)}`
  console.log(`\n${text}\n`)
  for (const words of failed) console.log(`FAILED  ${words}`)
  if (!chosen) writeFileSync(page, withTable(readFileSync(page, 'utf8'), text))
  console.log(`\n${passed.length} passed, ${failed.length} failed`)
  return failed.length > 0 || passed.length === 0 ? 1 : resume ? 0 : code
}

if (values.help) console.log(usage)
else process.exitCode = await play()
