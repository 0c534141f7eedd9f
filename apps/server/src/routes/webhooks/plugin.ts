import { type ForgeKind, forgeKinds } from '@rumpfarm/connectors'
import type { FastifyInstance } from 'fastify'
import { answerUnknownAddresses, answerWithProblems } from '../../http/problems.ts'
import { limitRates } from '../../http/rate-limits.ts'
import type { Services } from '../../services.ts'
import { answerWebhook } from './answer.ts'
import { openRefusals } from './refusals.ts'

/** GitHub's limit. A push of thousands of commits can have this size. */
const bodyBytesMax = 25 * 1024 * 1024

/**
 * The webhooks of forges and other programs: one address that recognises the sender, and one for each. A signature
 * covers the raw bytes, so this plugin does not parse bodies.
 */
export const webhooksPlugin = (services: Services) => async (app: FastifyInstance) => {
  await app.register(
    async hooks => {
      answerWithProblems(hooks, services, bodyBytesMax)
      await limitRates(hooks, 'webhooks')
      answerUnknownAddresses(hooks)
      hooks.removeAllContentTypeParsers()
      hooks.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body, done) =>
        done(null, body),
      )
      const mayStoreRefusal = openRefusals()
      const accept = (path: string, expected: ForgeKind | undefined) =>
        hooks.post(path, (request, reply) => answerWebhook(services, request, reply, { expected, mayStoreRefusal }))
      accept('/', undefined)
      for (const kind of forgeKinds) accept(`/${kind}`, kind)
    },
    { prefix: '/webhooks' },
  )
}
