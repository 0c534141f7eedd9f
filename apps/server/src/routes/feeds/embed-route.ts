import type { FastifyInstance, FastifyRequest } from 'fastify'
import { embedHeaders } from '../../http/security-headers.ts'
import type { Services } from '../../services.ts'
import { queryWord, wholeNumber } from '../dashboard/query.ts'
import { renderEmbedPage } from './embed-page.tsx'
import type { Glances } from './glances.ts'

const reloadSecondsMin = 30

/** A page does not load itself again unless its address asks for it, because that can disturb a reader (WCAG 2.2.1). */
function reloadSecondsOf(request: FastifyRequest): number | undefined {
  const seconds = wholeNumber(queryWord(request, 'reload'))
  return seconds === undefined ? undefined : Math.max(reloadSecondsMin, seconds)
}

/**
 * The matrix for a frame in a page of another site. Only the sites in EMBED_ORIGINS may show it: the browser refuses the frame
 * on every other site.
 */
export function embedRoute(app: FastifyInstance, { config }: Pick<Services, 'config'>, glances: Glances): void {
  const { publicPath } = app
  const headers = embedHeaders(config.embedOrigins)
  const allowed = config.embedOrigins.length > 0
  app.get('/embed/matrix', async (request, reply) => {
    const shown = await glances.read(request)
    return reply
      .code(shown.reason === undefined ? 200 : shown.missing?.deleted ? 410 : 404)
      .headers(headers)
      .type('text/html; charset=utf-8')
      .send(renderEmbedPage({ publicPath, shown, allowed, reloadSeconds: reloadSecondsOf(request) }))
  })
}
