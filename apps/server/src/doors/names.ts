import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'

/** Of a host's name without its port. */
export const isLoopback = (name: string): boolean => loopback.test(name)

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/i

/**
 * A farm that listens on the loopback only answers to the loopback's names and to PUBLIC_URL's. A page elsewhere could else
 * have its own name point here, and read and press in this machine's browser what only this machine may (DNS rebinding).
 * A request without a Host header, as HTTP/1.0 sends it, comes from no browser.
 */
export function refuseForeignNames(
  app: FastifyInstance,
  { host, publicUrl }: Pick<Config, 'host' | 'publicUrl'>,
): void {
  if (!loopback.test(host)) return
  const own = publicUrl === undefined ? undefined : new URL(publicUrl).hostname
  app.addHook('onRequest', async (request, reply) => {
    const name = nameOf(request.headers.host)
    if (name === undefined || loopback.test(name) || name === own) return
    return reply
      .code(421)
      .type('text/plain; charset=utf-8')
      .send(
        `This farm listens on its own machine only and does not answer to this name. Use http://localhost, or set PUBLIC_URL.\n`,
      )
  })
}

const nameOf = (header: string | undefined): string | undefined =>
  header === undefined || header === '' ? undefined : header.replace(/:\d*$/, '').toLowerCase()
