// `./farm test`, `./farm check` and `./farm network`. The last line is the sum of everything: "N passed, N failed".
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChecks } from './checks.ts'
import { runNetwork } from './network.ts'
import { runPlaywright } from './playwright.ts'
import { add, isGreen, lastLine, type Tally } from './tally.ts'
import { haveTools } from './tools.ts'
import { runVitest } from './vitest.ts'

process.env.PATH += ':/usr/sbin:/sbin' // where Debian keeps tc and nft, and only root looks

const inDirectory = async (run: (directory: string) => Promise<Tally>): Promise<Tally> => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-test-'))
  try {
    return await run(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

const everything = async (directory: string): Promise<Tally> => {
  let tally = await haveTools()
  tally = add(tally, await runChecks())
  tally = add(tally, await runVitest(directory))
  tally = add(tally, await runNetwork(directory))
  return add(tally, await runPlaywright(directory))
}

const runs: Record<string, () => Promise<Tally>> = {
  check: runChecks,
  network: () => inDirectory(runNetwork),
}
const tally = await (runs[process.argv[2] ?? ''] ?? (() => inDirectory(everything)))()
for (const name of tally.skipped) console.log(`skipped here: ${name}`)
console.log(`\n${lastLine(tally)}`)
process.exitCode = isGreen(tally) ? 0 : 1
