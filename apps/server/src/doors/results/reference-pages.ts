import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import Fastify, { type FastifyInstance } from 'fastify'

const pack = promisify(gzip)

interface Pages {
  html: string
  script: Buffer
}

/**
 * Scalar's pages for the OpenAPI document, from this server alone. They are loaded when somebody first looks: its module
 * holds 4 MB of script, which would cost every start 0.8 s and 38 MB.
 */
export function referencePages(app: FastifyInstance): void {
  let loading: Promise<Pages> | undefined
  const pages = () => {
    loading ??= loadPages(app.publicPath)
    return loading
  }
  const hidden = { schema: { hide: true } }

  app.get('/docs', hidden, async (_request, reply) => {
    const { html } = await pages()
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', contentPolicy)
      .header('referrer-policy', 'same-origin')
      .send(html)
  })
  app.get('/docs/scalar.js', hidden, async (_request, reply) => {
    const { script } = await pages()
    return reply
      .type('text/javascript; charset=utf-8')
      .header('content-encoding', 'gzip') // every browser that can run it reads this
      .header('cache-control', 'public, max-age=86400')
      .header('x-content-type-options', 'nosniff')
      .send(script)
  })
}

const nonce = 'reference' // the page has no text of anybody's: the policy keeps out other places, not inline scripts
const contentPolicy = [
  "default-src 'none'",
  `script-src 'self' 'nonce-${nonce}'`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

/** Scalar's plugin answers for itself in an instance that nobody else reaches. */
async function loadPages(publicPath: string): Promise<Pages> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const inner = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
  await inner.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: `${publicPath}/api/v1/openapi.json`,
      pageTitle: 'Rumpfarm API',
      cdn: `${publicPath}/api/v1/docs/scalar.js`,
      nonce,
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      mcp: { disabled: true },
      agent: { disabled: true },
    },
  })
  const html = (await inner.inject('/docs/')).body
  const script = await pack((await inner.inject('/docs/js/scalar.js')).rawPayload)
  await inner.close()
  return { html, script }
}
