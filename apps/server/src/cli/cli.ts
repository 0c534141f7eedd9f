// `./farm trigger`, `host`, `token`, `admin`: one request each to the farm that runs with this configuration.

import { readConfig } from '../config.ts'
import { apiClient, localUrl } from './api-client.ts'
import { verbs } from './commands.ts'

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`farm: ${(error as Error).message}`)
  process.exitCode = 1
}

async function main([name = '', ...words]: string[]): Promise<void> {
  const verb = verbs[name]
  if (!verb) return misused('./farm help')
  const config = readConfig(process.env)
  const api = apiClient(
    config.publicUrl ?? localUrl(config.host, config.port),
    config.secrets.adminToken,
    config.adminTokenFrom,
  )
  const lines = await verb.run(api, words)
  if (lines) return console.log(lines.join('\n'))
  misused(verb.usage)
}

function misused(usage: string): void {
  console.error(`usage: ${usage}`)
  process.exitCode = 2
}
