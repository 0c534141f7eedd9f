// `./farm test` and `./farm check`. The last line is the sum of everything: "N passed, N failed".
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChecks } from './checks.ts'
import { runPlaywright } from './playwright.ts'
import { add, isGreen, lastLine, type Tally } from './tally.ts'
import { haveTools } from './tools.ts'
import { runVitest } from './vitest.ts'

const everything = async (): Promise<Tally> => {
  const directory = await mkdtemp(join(tmpdir(), 'rumpfarm-test-'))
  try {
    let tally = await haveTools()
    tally = add(tally, await runChecks())
    tally = add(tally, await runVitest(directory))
    return add(tally, await runPlaywright(directory))
  } finally {
    await rm(directory, { recursive: true })
  }
}

const tally = await (process.argv[2] === 'check' ? runChecks() : everything())
for (const name of tally.skipped) console.log(`skipped here: ${name}`)
console.log(`\n${lastLine(tally)}`)
process.exitCode = isGreen(tally) ? 0 : 1
