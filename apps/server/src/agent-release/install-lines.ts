import { createHash } from 'node:crypto'
import type { Services } from '../services.ts'
import { withFarmAddress } from './agent-files.ts'
import type { AgentRelease } from './release.ts'

/** The command that makes a machine a host. Its owner runs it there once. */
export const enrolLine = (farmUrl: string, token: string): string =>
  `curl -fsS ${quoted(`${farmUrl}/agent.sh`)} | sh -s -- enroll ${token}`

/**
 * The same in four commands: download, check, read, run. The checksum is that of the file that this farm serves at this
 * address, which is part of the file.
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
 * The same for a machine without TLS 1.2; null if this farm accepts no signed requests. The script arrives over plain
 * HTTP, where an attacker can change it. So the command compares it with a checksum that the reader received over TLS.
 */
export async function signedLine({ signed }: Pick<Services, 'signed'>, token: string): Promise<string | null> {
  if (!signed) return null
  const sum = sha256Of(await signed.script())
  return `wget -qO agent.sh ${signed.url}/agent.sh && echo "${sum}  agent.sh" | sha256sum -c && sh agent.sh enroll ${token}`
}
