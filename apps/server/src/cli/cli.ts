// The commands `./farm trigger`, `acknowledge`, `bisect`, `host`, `token` and `admin`. Each sends requests to the
// running farm.
import { parseArgs } from 'node:util'
import { readConfig } from '../config.ts'
import { adminClient } from './admin-client.ts'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { findServer } from './find-server.ts'

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`farm: ${(error as Error).message}`)
  process.exitCode = 1
}

async function main([name = '', ...args]: string[]): Promise<void> {
  const command = commands[name]
  if (!command) return printUsage('./farm help')
  const parsed = readArguments(command, args)
  if (!parsed) return printUsage(command.usage)
  const config = readConfig(process.env)
  const api = adminClient(await findServer(config), config)
  const lines = await command.run(api, parsed.positionals, parsed.values)
  if (lines) return console.log(lines.join('\n'))
  printUsage(command.usage)
}

/** Returns undefined if an option is unknown or has no value. */
function readArguments({ options = {} }: Command, args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch {
    return undefined
  }
}

function printUsage(usage: string): void {
  console.error(`usage: ${usage}`)
  process.exitCode = 2
}
