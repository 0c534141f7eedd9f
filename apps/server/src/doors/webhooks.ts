import type { FastifyInstance } from 'fastify'
import type { Parts } from '../parts.ts'
import { answerWithProblems } from './problems.ts'
import { limitRates } from './rates.ts'
import { answerGeneric } from './webhooks/generic.ts'
import { answerGithub } from './webhooks/github.ts'

/** What GitHub sends at most: a push of thousands of commits. */
const bodyBytesMax = 25 * 1024 * 1024

/** Forges tell of pushes here. What they sign are the raw bytes, so this door reads nothing else. */
export const webhooksDoor = (parts: Parts) => async (app: FastifyInstance) => {
  await app.register(
    async hooks => {
      answerWithProblems(hooks, parts, bodyBytesMax)
      await limitRates(hooks)
      hooks.removeAllContentTypeParsers()
      hooks.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body, done) =>
        done(null, body),
      )
      hooks.post('/github', (request, reply) => answerGithub(parts, request, reply))
      hooks.post('/generic', (request, reply) => answerGeneric(parts, request, reply))
    },
    { prefix: '/webhooks' },
  )
}
