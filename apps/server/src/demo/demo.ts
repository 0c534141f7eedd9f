// `./farm demo`: fills an empty farm with a believable year, and serves it. The first argument is the caller's directory.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, demoEnvironment, readDemoConfig } from '../config.ts'
import { openServerDatabase } from '../database.ts'
import { openLog } from '../log.ts'
import { serve } from '../start/serve.ts'
import { openShutdown } from '../start/shutdown.ts'
import { fillFarm } from './fill-farm.ts'
import { type DemoOptions, OptionsError, readDemoOptions } from './options.ts'
import { gitFinds, makeRepositories, repositoriesOf } from './repositories.ts'

const say = (line: string): void => console.log(line)

try {
  const [from = '', ...args] = process.argv.slice(2)
  const options = readDemoOptions(args, from)
  const config = readDemoConfig(options.dataDirectory)
  if (options.fill) await fill(config, options)
  if (options.serve) await serveDemo(config)
} catch (error) {
  console.error(`farm: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(error instanceof OptionsError ? 2 : 1)
}

async function fill(config: Config, { jobs, seed, everywhere }: DemoOptions): Promise<void> {
  const { dataDirectory, secrets } = config
  mkdirSync(dataDirectory, { recursive: true })
  const began = performance.now()
  say(`filling the farm in ${dataDirectory} …`)
  const database = await openServerDatabase(config, openLog({ ...config, logLevel: 'warn' }))
  try {
    const logsDirectory = join(dataDirectory, 'logs')
    const request = { databaseUrl: database.url, logsDirectory, secret: secrets.server, seed, jobs, everywhere, say }
    const filled = await fillFarm({ ...request, now: new Date() })
    if (filled.kind === 'not-empty') throw new Error(notEmpty(dataDirectory, filled))
    makeRepositories(repositoriesOf(dataDirectory), filled.year.repositories)
    writeFileSync(config.farmFile, filled.year.farmYaml)
    say(`the farm has ${filled.jobs} jobs; this took ${Math.round((performance.now() - began) / 1000)} s`)
  } finally {
    await database.close()
  }
}

function notEmpty(directory: string, { hosts, builds }: { hosts: number; builds: number }): string {
  return [
    `the farm in ${directory} is not empty: it has ${hosts} hosts and ${builds} builds.`,
    'To fill another farm, choose an empty directory: ./farm demo --data DIR',
    'To serve the demo that is there: ./farm demo --serve-only',
  ].join('\n')
}

async function serveDemo(config: Config): Promise<void> {
  const { dataDirectory, farmFile } = config
  if (!existsSync(farmFile)) throw new Error(`there is no demo farm in ${dataDirectory}; fill it first: ./farm demo`)
  const shutdown = openShutdown(say)
  try {
    const { gaveUp } = await serve(config, {
      say,
      shutdown,
      environment: { ...demoEnvironment(dataDirectory), ...gitFinds(dataDirectory) },
    })
    say(`Ctrl-C stops the server; the data stays in ${dataDirectory}`)
    await gaveUp
  } catch (error) {
    if (shutdown.signal.aborted) return
    console.error(`farm: ${(error as Error).message}`)
    await shutdown.end(1)
  }
}
