import { createHash } from 'node:crypto'
import type { Services } from '../services.ts'
import { withFarmAddress } from './agent-files.ts'
import type { AgentRelease } from './release.ts'

/** Returns the command that makes a machine a host. The owner runs it once on the machine. */
export const enrolLine = (farmUrl: string, token: string): string =>
  `curl -fsS ${quoted(`${farmUrl}/agent.sh`)} | sh -s -- enroll ${token}`

/**
 * Returns four commands that do the same as `enrolLine`: download, check, read and run the script. The script contains
 * `farmUrl`, so its checksum is valid only for this address.
 */
export function readFirst(release: AgentRelease, farmUrl: string, token: string): ReadFirst {
  const sha256 = sha256Of(withFarmAddress(release.bytes, farmUrl))
  const commands = [
    `curl -fsSo agent.sh ${quoted(`${farmUrl}/agent.sh`)}`,
    `echo "${sha256}  agent.sh" | sha256sum -c`,
    'less agent.sh',
    `sh agent.sh enroll ${token}`,
  ]
  return { sha256, commands }
}

export interface ReadFirst {
  sha256: string
  commands: readonly string[]
}

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex')

/** An interactive zsh reads the brackets of an IPv6 address as a pattern. */
const quoted = (url: string): string => (url.includes('[') ? `'${url}'` : url)

/**
 * Returns the command for a machine without TLS 1.2; null if this farm accepts no signed requests. The script arrives
 * over plain HTTP, where an attacker can change it. So the command compares the script with a checksum that the owner
 * has received over TLS.
 */
export async function signedLine({ signed }: Pick<Services, 'signed'>, token: string): Promise<string | null> {
  if (!signed) return null
  const sum = sha256Of(await signed.script())
  return `wget -qO agent.sh ${signed.url}/agent.sh && echo "${sum}  agent.sh" | sha256sum -c && sh agent.sh enroll ${token}`
}
