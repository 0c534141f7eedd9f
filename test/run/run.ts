// Runs `./farm test`, `./farm check` and the other commands for tests. The last line is "N passed, N failed".
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkApi } from './api.ts'
import { checkTypes, runChecks } from './checks.ts'
import { runMonitoring } from './monitoring.ts'
import { runNetwork } from './network.ts'
import { runPlaywright } from './playwright.ts'
import { add, isGreen, lastLine, type Tally } from './tally.ts'
import { installRealServers, installTools } from './tools.ts'
import { runVitest } from './vitest.ts'

process.env.PATH += ':/usr/sbin:/sbin' // Debian has tc and nft in directories that only root's PATH contains

const inTemporaryDirectory = async (run: (directory: string) => Promise<Tally>): Promise<Tally> => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-test-'))
  try {
    return await run(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Most tests wait most of the time. So vitest runs at the same time as the other parts, which run in sequence. */
const everything = async (directory: string): Promise<Tally> => {
  const tools = await installTools()
  const others = [runChecks, () => runPlaywright(directory), () => runNetwork(directory)]
  const tallies = await Promise.all([runVitest(directory), inOrder(others)])
  return [tools, ...tallies].reduce(add)
}

const inOrder = async (parts: readonly (() => Promise<Tally>)[]): Promise<Tally> => {
  const tallies: Tally[] = []
  for (const part of parts) tallies.push(await part())
  return tallies.reduce(add)
}

/** The projects whose code runs in the server or in the command line. The other projects test the agent, or start whole farms. */
const serverProjects = [
  'child-process',
  'cli',
  'client',
  'connectors',
  'contracts',
  'farm',
  'local-postgres',
  'server',
  'storage',
]

/** The tests that can fail with another version of Node.js. */
const withOtherNode = async (directory: string): Promise<Tally> => {
  const types = await checkTypes(['--force']) // turbo caches results without regard to the version of Node.js
  return add(types, await runVitest(directory, { words: serverProjects.flatMap(name => ['--project', name]) }))
}

/** The tests with real servers of mail and IRC, and with Mercurial and CVS. */
const withRealServers = async (directory: string): Promise<Tally> =>
  add(
    await installRealServers(),
    await runVitest(directory, { words: ['--config', 'packages/connectors/real-servers/vitest.config.ts'] }),
  )

const runs: Record<string, () => Promise<Tally>> = {
  check: async () => add(await installTools('shellcheck'), await runChecks()),
  node: () => inTemporaryDirectory(withOtherNode),
  'check-api': checkApi,
  network: () => inTemporaryDirectory(runNetwork),
  monitoring: () => inTemporaryDirectory(runMonitoring),
  notifiers: () => inTemporaryDirectory(withRealServers),
}
const tally = await (runs[process.argv[2] ?? ''] ?? (() => inTemporaryDirectory(everything)))()
for (const name of tally.skipped) console.log(`skipped: ${name}`)
console.log(`\n${lastLine(tally)}`)
process.exitCode = isGreen(tally) ? 0 : 1
