import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { publicUrlOf } from '../http/public-url.ts'
import type { Services } from '../services.ts'

/** What makes a machine a host, to be run on it once. */
export const enrolLine = ({ config }: Services, request: FastifyRequest, token: string): string =>
  `curl -fsS ${quoted(`${publicUrlOf(config, request)}/agent.sh`)} | sh -s -- enroll ${token}`

/** An interactive zsh would take the brackets of an IPv6 address for a pattern. */
const quoted = (url: string): string => (url.includes('[') ? `'${url}'` : url)

/**
 * The same for a machine without TLS 1.2; null: this farm takes no signed requests. Plain HTTP brings the script, and somebody may
 * change it on its way: it runs only if its sum is the one that this page, which came over TLS, has shown.
 */
export async function signedLine({ signed }: Services, token: string): Promise<string | null> {
  if (!signed) return null
  const sum = createHash('sha256')
    .update(await signed.script())
    .digest('hex')
  return `wget -qO agent.sh ${signed.url}/agent.sh && echo "${sum}  agent.sh" | sha256sum -c && sh agent.sh enroll ${token}`
}
