import { createHash } from 'node:crypto'
import type { Services } from '../services.ts'

/** The command that makes a machine a host. Its owner runs it there once. */
export const enrolLine = (farmUrl: string, token: string): string =>
  `curl -fsS ${quoted(`${farmUrl}/agent.sh`)} | sh -s -- enroll ${token}`

/** An interactive zsh reads the brackets of an IPv6 address as a pattern. */
const quoted = (url: string): string => (url.includes('[') ? `'${url}'` : url)

/**
 * The same for a machine without TLS 1.2; null if this farm accepts no signed requests. The script arrives over plain HTTP, where
 * an attacker can change it. So the command compares it with a checksum that the reader received over TLS.
 */
export async function signedLine({ signed }: Pick<Services, 'signed'>, token: string): Promise<string | null> {
  if (!signed) return null
  const sum = createHash('sha256')
    .update(await signed.script())
    .digest('hex')
  return `wget -qO agent.sh ${signed.url}/agent.sh && echo "${sum}  agent.sh" | sha256sum -c && sh agent.sh enroll ${token}`
}
