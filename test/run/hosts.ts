// `./farm hosts`: the suite's core on emulated and restricted machines, and the table of docs/hosts.md.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withTable } from '../conformance/table.ts'
import { machines } from '../hosts/machines.ts'
import { failures, type Result, tableOf } from '../hosts/table.ts'
import { aloud } from './command.ts'

const page = 'docs/hosts.md'

const usage = `usage: ./farm hosts [NAME…] [--scenario WORDS] [--at-once N] [--no-page]
Without a choice all machines are tried, and the table goes into ${page}. What is built for them stays in .farm/hosts.
${machines.map(({ name, standsFor }) => `  ${name.padEnd(14)} ${standsFor}`).join('\n')}`

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    scenario: { type: 'string', multiple: true },
    'at-once': { type: 'string', default: '4' },
    'no-page': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const unknown = positionals.filter(asked => machines.every(({ name }) => name !== asked))
const chosen = positionals.length > 0 || values.scenario !== undefined

async function play(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-hosts-'))
  try {
    const file = join(directory, 'results')
    const code = await aloud('vitest', ['run', '--config', 'test/hosts/vitest.config.ts'], {
      HOSTS: JSON.stringify({ machines: positionals, scenario: values.scenario }),
      HOSTS_AT_ONCE: values['at-once'],
      HOSTS_RESULTS: file,
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
  const missing = [
    ...new Set(results.flatMap(result => (result.missing ? [`${result.machine} (${result.missing})`] : []))),
  ]
  const text = `${new Date().toISOString().slice(0, 10)}, ${emulator()}, on Linux ${release()}.\n\n${tableOf(results)}`
  console.log(`\n${text}\n`)
  for (const words of failed) console.log(`FAILED  ${words}`)
  for (const words of missing) console.log(`not here: ${words}`)
  if (!chosen && !values['no-page']) writeFileSync(page, withTable(readFileSync(page, 'utf8'), text, 'hosts'))
  console.log(`\n${passed} passed, ${failed.length} failed`)
  return failed.length > 0 || passed === 0 ? 1 : code
}

/** Its first line says everything: the version, and Debian's own. */
const emulator = (): string =>
  (spawnSync('qemu-arm-static', ['--version'], { encoding: 'utf8' }).stdout ?? 'no qemu').split('\n', 1)[0]?.trim() ??
  ''

if (values.help) console.log(usage)
else if (unknown.length > 0) {
  console.error(`there is no machine ${unknown.join(', ')}\n${usage}`)
  process.exitCode = 2
} else process.exitCode = await play()
