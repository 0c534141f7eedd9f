// Runs `./farm test`, `./farm check` and the other commands for tests. The last line is "N passed, N failed".
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkApi } from './api.ts'
import { runBuckets } from './buckets.ts'
import { runChecks } from './checks.ts'
import { runMonitoring } from './monitoring.ts'
import { runNetwork } from './network.ts'
import { runPlaywright } from './playwright.ts'
import { isGreen, reportJson, reportText, type TestResult } from './results.ts'
import { withSecondRun } from './second-run.ts'
import { runServers } from './servers.ts'
import { installRealServers, installTools } from './tools.ts'
import { runVitest } from './vitest.ts'

process.env.PATH += ':/usr/sbin:/sbin' // Debian has tc and nft in directories that only root's PATH contains

const inTemporaryDirectory = async (run: (directory: string) => Promise<TestResult[]>): Promise<TestResult[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-test-'))
  try {
    return await withSecondRun(await run(directory))
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Most tests wait most of the time. So vitest runs at the same time as the other parts, which run in sequence. */
const everything = async (directory: string): Promise<TestResult[]> => {
  const tools = await installTools()
  const others = [runChecks, () => runPlaywright(directory), () => runNetwork(directory)]
  const results = await Promise.all([runVitest(directory), inOrder(others)])
  return [...tools, ...results.flat()]
}

const inOrder = async (parts: readonly (() => Promise<TestResult[]>)[]): Promise<TestResult[]> => {
  const results: TestResult[] = []
  for (const part of parts) results.push(...(await part()))
  return results
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

/** The tests that can fail with another version of Node.js. The compiler of TypeScript 7 does not run in Node.js. */
const withOtherNode = (directory: string): Promise<TestResult[]> =>
  runVitest(directory, { words: serverProjects.flatMap(name => ['--project', name]) })

/** The tests with real servers of mail and IRC, and with Mercurial and CVS. */
const withRealServers = async (directory: string): Promise<TestResult[]> => [
  ...(await installRealServers()),
  ...(await runVitest(directory, { words: ['--config', 'packages/connectors/real-servers/vitest.config.ts'] })),
]

const runs: Record<string, () => Promise<TestResult[]>> = {
  check: async () => [...(await installTools('shellcheck')), ...(await runChecks())],
  node: () => inTemporaryDirectory(withOtherNode),
  'check-api': checkApi,
  network: () => inTemporaryDirectory(runNetwork),
  monitoring: () => inTemporaryDirectory(runMonitoring),
  buckets: () => inTemporaryDirectory(runBuckets),
  servers: () => inTemporaryDirectory(runServers),
  notifiers: () => inTemporaryDirectory(withRealServers),
}

/** The report of the last run of each command. `.ci/run` repeats the texts of its two runs. */
const writeReport = async (command: string, results: readonly TestResult[]): Promise<void> => {
  const directory = join('.farm', 'report')
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, `${command}.json`), `${JSON.stringify(reportJson(results), null, 2)}\n`)
  await writeFile(join(directory, `${command}.txt`), `${reportText(results)}\n`)
}

const command = process.argv[2] ?? 'test'
const results = await (runs[command] ?? (() => inTemporaryDirectory(everything)))()
for (const { status, name, error } of results)
  if (status === 'skipped') console.log(`skipped: ${error ? `${name}; ${error}` : name}`)
await writeReport(command, results)
console.log(`\n${reportText(results)}`)
process.exitCode = isGreen(results) ? 0 : 1
