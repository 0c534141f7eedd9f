import type { FastifyInstance } from 'fastify'
import { answerUnknownAddresses, answerWithProblems } from '../../http/problems.ts'
import { limitRates } from '../../http/rate-limits.ts'
import type { Services } from '../../services.ts'
import { answerGeneric } from './generic.ts'
import { answerGithub } from './github.ts'

/** GitHub's limit. A push of thousands of commits can have this size. */
const bodyBytesMax = 25 * 1024 * 1024

/**
 * The webhooks of forges and other programs. A signature covers the raw bytes, so this plugin does not parse bodies.
 */
export const webhooksPlugin = (services: Services) => async (app: FastifyInstance) => {
  await app.register(
    async hooks => {
      answerWithProblems(hooks, services, bodyBytesMax)
      await limitRates(hooks)
      answerUnknownAddresses(hooks)
      hooks.removeAllContentTypeParsers()
      hooks.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body, done) =>
        done(null, body),
      )
      hooks.post('/github', (request, reply) => answerGithub(services, request, reply))
      hooks.post('/generic', (request, reply) => answerGeneric(services, request, reply))
    },
    { prefix: '/webhooks' },
  )
}
