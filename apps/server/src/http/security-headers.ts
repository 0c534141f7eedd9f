import type { FastifyInstance } from 'fastify'

/**
 * Of every answer; pages have a policy of their own. A browser takes it for what it says it is, runs nothing in it, shows it in
 * no frame, and does not give it to a page of another site.
 */
export const safeHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** But for hosts: some read an answer's headers line by line in a shell. */
export function protectBrowsers(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ url }, reply) => {
    if (!url.startsWith('/agent/v1/')) reply.headers(safeHeaders)
  })
}
