// `./farm trigger`, `host`, `token`, `admin`: one request each to the farm that runs with this configuration.
import { apiClient, localUrl } from '../api-client.ts'
import { readConfig } from '../config.ts'
import { verbs } from './verbs.ts'

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`farm: ${(error as Error).message}`)
  process.exitCode = 1
}

async function main([verb = '', ...words]: string[]): Promise<void> {
  const config = readConfig(process.env)
  const api = apiClient(config.publicUrl ?? localUrl(config.host, config.port), config.secrets.adminToken)
  const run = verbs[verb]
  const lines = run ? await run(api, words) : undefined
  if (lines) return console.log(lines.join('\n'))
  console.error('farm: that is not a command; see ./farm help')
  process.exitCode = 2
}
