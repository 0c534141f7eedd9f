import { readConfig } from './config.ts'
import { collectHeapOften } from './heap-growth.ts'
import { openLog } from './log.ts'
import { openServer } from './server.ts'
import { closeOnSignal, failToStart } from './shutdown.ts'

async function main(): Promise<void> {
  collectHeapOften()
  const config = readConfig(process.env)
  const log = openLog(config)
  const server = await openServer(config, log)

  closeOnSignal(server, log)
  await server.listen()
}

main().catch(failToStart)
