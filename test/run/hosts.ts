// `./farm machines`: the most important scenarios on emulated and restricted machines, and the table of docs/hosts.md.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withTable } from '../conformance/table.ts'
import { machines } from '../hosts/machines.ts'
import { failures, type Result, tableOf } from '../hosts/table.ts'
import { runVisibly } from './command.ts'

const page = 'docs/hosts.md'
const resultsDirectory = '.farm/hosts/results'

const usage = `usage: ./farm machines [NAME…] [--scenario WORDS] [--at-once N] [--no-page | --page]
Without a name, this runs all machines. It writes the newest results of each machine into the table of ${page}, unless
--scenario selects some scenarios. --page only writes that table. The machines and the results stay in .farm/hosts.
${machines.map(({ name, standsFor }) => `  ${name.padEnd(14)} ${standsFor}`).join('\n')}`

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    scenario: { type: 'string', multiple: true },
    'at-once': { type: 'string', default: '4' },
    'no-page': { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const unknown = positionals.filter(positional => machines.every(({ name }) => name !== positional))

async function runMachines(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-hosts-'))
  try {
    const file = join(directory, 'results')
    const code = await runVisibly('vitest', ['run', '--config', 'test/hosts/vitest.config.ts'], {
      HOSTS: JSON.stringify({ machines: positionals, scenario: values.scenario }),
      HOSTS_AT_ONCE: values['at-once'],
      HOSTS_RESULTS: file,
    })
    return report(readFileSync(file, 'utf8'), code)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function report(lines: string, code: number): number {
  const date = new Date().toISOString().slice(0, 10)
  const read = lines.trimEnd().split('\n')
  const results = read.map((line): Result => ({ ...JSON.parse(line), date }))
  const failed = failures(results)
  const passed = results.filter(result => result.passed).length
  const missing = results.flatMap(({ machine, missing }) => (missing ? [`${machine} (${missing})`] : []))
  console.log(`\n${tableOf(results)}\n`)
  for (const words of failed) console.log(`FAILED  ${words}`)
  for (const words of new Set(missing)) console.log(`not available: ${words}`)
  if (values.scenario === undefined) keep(results)
  if (values.scenario === undefined && !values['no-page']) writePage()
  console.log(`\n${passed} passed, ${failed.length} failed`)
  return failed.length > 0 || passed === 0 ? 1 : code
}

/** If all scenarios of a machine ran, keeps their results, so that several runs together can cover all machines. */
function keep(results: readonly Result[]): void {
  mkdirSync(resultsDirectory, { recursive: true })
  for (const { name } of machines) {
    const own = results.filter(({ machine }) => machine === name)
    const ended = own.filter(result => result.passed !== undefined || result.missing).length
    const planned = own.filter(result => result.passed === undefined).length
    if (own.length > 0 && ended === planned) writeFileSync(join(resultsDirectory, `${name}.json`), JSON.stringify(own))
  }
}

function writePage(): void {
  const files = machines.map(({ name }) => join(resultsDirectory, `${name}.json`)).filter(file => existsSync(file))
  const results = files.flatMap((file): Result[] => JSON.parse(readFileSync(file, 'utf8')))
  const text = `${emulator()}, on Linux ${release()}.\n\n${tableOf(results)}`
  writeFileSync(page, withTable(readFileSync(page, 'utf8'), text, 'hosts'))
}

/** The first line of the output has the version of qemu and of its Debian package. */
const emulator = (): string =>
  (spawnSync('qemu-arm-static', ['--version'], { encoding: 'utf8' }).stdout ?? 'no qemu').split('\n', 1)[0]?.trim() ??
  ''

if (values.help) console.log(usage)
else if (values.page) writePage()
else if (unknown.length > 0) {
  console.error(`there is no machine ${unknown.join(', ')}\n${usage}`)
  process.exitCode = 2
} else process.exitCode = await runMachines()
