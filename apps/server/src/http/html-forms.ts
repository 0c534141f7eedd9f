import type { FastifyInstance } from 'fastify'

const formBytesMax = 64 * 1024

/** Lets the routes of the plugin `app` receive HTML forms. If a form has a field twice, the last value counts. */
export function acceptForms(app: FastifyInstance): void {
  const options = { parseAs: 'string', bodyLimit: formBytesMax } as const
  app.addContentTypeParser('application/x-www-form-urlencoded', options, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  )
}
