import { readFile } from 'node:fs/promises'
import { isBelow } from '@rumpfarm/farm'
import { type Config, ConfigError } from '../config.ts'
import type { Services, SignedEndpoint } from '../services.ts'
import { agentReleases } from './release.ts'

export type AgentFiles = Pick<Services, 'agentRelease' | 'serviceScript' | 'signed'>

/** Opens the files that the farm serves to its hosts. `agentFile` is the bundled agent. */
export function openAgentFiles(agentFile: URL, { signed }: Pick<Config, 'signed'>): AgentFiles {
  const agentRelease = agentReleases(agentFile)
  const signedEndpoint = (url: string): SignedEndpoint => ({
    url,
    script: async () => withFarmAddress((await agentRelease()).bytes, `signed+${url}`),
  })
  return {
    agentRelease,
    serviceScript: () => readFile(new URL('service.sh', agentFile), 'utf8'),
    signed: signed && signedEndpoint(signed.url),
  }
}

/** Returns the text of the agent with the farm's address in it. */
export const withFarmAddress = (bytes: Buffer, address: string): string =>
  bytes.toString('utf8').replaceAll('@FARM_URL@', address)

/** Refuses an AGENT_VERSION_MIN above the served version, because then even an updated host would get no jobs. */
export async function checkAgentVersionMin(
  { agentVersionMin }: Pick<Config, 'agentVersionMin'>,
  { agentRelease }: AgentFiles,
): Promise<void> {
  if (agentVersionMin === undefined) return
  const { version } = await agentRelease()
  if (isBelow(version, agentVersionMin))
    throw new ConfigError(`AGENT_VERSION_MIN is ${agentVersionMin}, but the agent that this farm serves is ${version}`)
}
