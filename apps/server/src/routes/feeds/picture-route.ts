import { headline } from '@rumpfarm/farm'
import type { FastifyInstance } from 'fastify'
import { pictureHeaders } from '../../http/security-headers.ts'
import { gridOf } from '../dashboard/pages/matrix/grid-of.ts'
import { type Glances, titleOf } from './glances.ts'
import { matrixPicture } from './matrix-picture.ts'
import { pictureStyleHash } from './picture-style.ts'

/** The matrix as a picture, with the same filters as the matrix page. */
export function pictureRoute(app: FastifyInstance, glances: Glances): void {
  app.get('/matrix.svg', async (request, reply) => {
    const shown = await glances.read(request)
    const picture =
      shown.reason === undefined
        ? matrixPicture(
            gridOf(shown.glance, shown.view),
            titleOf(shown.view, headline(shown.glance.counts, shown.glance.changes)),
          )
        : matrixPicture({ label: '', at: new Date(0), columns: [], groups: [] }, shown.reason)
    return reply.headers(pictureHeaders(pictureStyleHash)).type('image/svg+xml; charset=utf-8').send(picture)
  })
}
