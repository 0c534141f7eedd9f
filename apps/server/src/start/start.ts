// `npm start`, after the packages are installed: starts the server, makes this machine a host, and builds the sample.
import { parseArgs } from 'node:util'
import { readFarmFile } from '../background/farm-file.ts'
import { type Config, readConfig } from '../config.ts'
import { type HostRequest, hostOnline, type RunningHost, startHost } from './local-host.ts'
import { buildSample } from './sample-build.ts'
import { serve } from './serve.ts'
import { openShutdown } from './shutdown.ts'

const say = (line: string): void => console.log(line)
const shutdown = openShutdown(say)

try {
  parseArgs({ args: process.argv.slice(2) }) // `npm start` has no options
  await main(readConfig(process.env))
} catch (error) {
  // A shutdown interrupts requests, so their errors are not reported.
  if (!shutdown.signal.aborted) await fail(error instanceof Error ? error.message : String(error))
}

async function main(config: Config): Promise<void> {
  const { dataDirectory } = config
  const { api, gaveUp } = await serve(config, { say, shutdown })
  await printFarmFileErrors(config.farmFile)
  await runHost({ api, dataDirectory, say, shutdown: shutdown.signal })
  if (!shutdown.signal.aborted) say(`Ctrl-C stops everything; the data stays in ${dataDirectory}`)
  await gaveUp
}

/** Prints the errors in the terminal too, because not every operator reads the log of the server. */
async function printFarmFileErrors(farmFile: string): Promise<void> {
  const read = await readFarmFile(farmFile)
  if ('problems' in read)
    say(
      [
        `${farmFile} has errors. The farm keeps the previous version, if there is one. Fix these errors:`,
        ...read.problems.map(line => `    ${line}`),
      ].join('\n'),
    )
}

async function runHost(request: HostRequest): Promise<void> {
  const host = await startHost(request)
  shutdown.add({ name: `the host ${host.name}`, stop: host.stop })
  void host.child.ended.then(how => hostEnded(host, how))
  const arches = await hostOnline(host, request)
  if (!arches) return
  say(`host ${host.name} is online, for ${arches.join(', ')}`)
  await buildSample({ ...request, host: host.name })
}

function hostEnded({ child, name }: RunningHost, how: string): void {
  if (!shutdown.signal.aborted)
    say(
      `the agent of ${name} ended unexpectedly (${how}); the server keeps running. The agent's last lines:\n${child.lastLines()}`,
    )
}

async function fail(message: string): Promise<never> {
  console.error(`farm: ${message}`)
  return shutdown.end(1)
}
