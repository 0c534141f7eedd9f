import type { FastifyInstance } from 'fastify'
import { compressAnswers } from '../../http/compression.ts'
import { allowOtherSites } from '../../http/cross-origin.ts'
import { weakEtags } from '../../http/etag.ts'
import { answerWithProblems } from '../../http/problems.ts'
import { limitRates } from '../../http/rate-limits.ts'
import type { Services } from '../../services.ts'
import { badgeRoutes } from './badge-route.ts'
import { BranchMatrices } from './branch-matrix.ts'
import { cctrayRoute } from './cctray-route.ts'
import { embedRoute } from './embed-route.ts'
import { farmSchemaRoute } from './farm-schema-route.ts'
import { feedRoutes } from './feed-routes.ts'
import { Glances } from './glances.ts'
import { pictureRoute } from './picture-route.ts'

/** No request here has a body. */
const bodyBytesMax = 0

/**
 * What other programs and other sites show of the farm: badges, feeds, cctray.xml, the matrix in a frame and as a picture.
 * Reading is public (docs/feeds-and-badges.md). Each answer has an ETag, and caches ask again before they use a copy.
 */
export const feedsPlugin = (services: Services) => async (app: FastifyInstance) => {
  const [matrices, glances] = [new BranchMatrices(services), new Glances(services)]
  app.addHook('onClose', async () => {
    matrices.close()
    glances.close()
  })
  allowOtherSites(app, services.config)
  answerWithProblems(app, services, bodyBytesMax)
  await limitRates(app, 'feeds')
  weakEtags(app)
  compressAnswers(app)
  badgeRoutes(app, matrices)
  cctrayRoute(app, services, matrices)
  feedRoutes(app, services)
  farmSchemaRoute(app)
  pictureRoute(app, glances)
  embedRoute(app, services, glances)
}
