import { isGivenUp, isObjectGone, isOwnDoing, isStorageAway, isStorageFull } from '@rumpfarm/farm'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { prefersHtml } from '../../../../http/accepts-html.ts'
import {
  allowMethods,
  problem as answerProblem,
  answerWrongMethod,
  isRead,
  problemKinds,
  Refusal,
  sentenceOf,
  storageFull,
  storedGone,
  tookTooLong,
  tooManyQueries,
  wrongMethod,
} from '../../../../http/problems.ts'
import type { Services } from '../../../../services.ts'
import { sendPage } from '../../send-page.ts'
import { anonymousVisit, pathOf, visitOf } from '../../visit.ts'
import { type Problem, renderProblemPage } from './page.tsx'
import { PageError } from './page-error.ts'

export const answerUnknownPath =
  (services: Services) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const path = `${request.server.publicPath}${pathOf(request)}`
    const allowed = allowMethods(request, reply)
    if (allowed.length > 0) {
      if (!prefersHtml(request)) return answerWrongMethod(request, reply, allowed)
      const next = allowed.includes('GET') ? { next: { href: pathOf(request), text: `Open ${path}` } } : {}
      const problem = {
        title: problemKinds['wrong-method'][1],
        text: sentenceOf(wrongMethod(request, allowed)),
        ...next,
      }
      return sendPage(reply.code(405), renderProblemPage(await visitOf(services, request), problem))
    }
    if (!prefersHtml(request)) return answerProblem(reply, 'no-such-page', `there is no page at ${path}`)
    const problem = { title: 'There is no such page', text: `This server has no page at ${path}.` }
    return sendPage(reply.code(404), renderProblemPage(await visitOf(services, request), problem))
  }

export const answerError =
  (services: Services) =>
  async (error: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (error instanceof PageError)
      return sendPage(reply.code(error.status), renderProblemPage(await visitOf(services, request), error.problem))
    const answer = (status: number, problem: Problem) =>
      sendPage(reply.code(status), renderProblemPage(anonymousVisit(request), problem))
    if (error instanceof Refusal) {
      if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
      return answer(error.statusCode, refusalProblem(error))
    }
    const status = error.statusCode ?? 500
    if (status < 500) return answer(status, { title: 'The request is malformed', text: error.message })
    if (isOwnDoing(error)) {
      reply.header('retry-after', '2')
      return answer(429, tooMany)
    }
    if (isGivenUp(error) && isRead(request)) {
      reply.header('retry-after', '10')
      return answer(503, tooSlow)
    }
    request.log.error({ err: error, url: request.url }, 'cannot render a page')
    if (isStorageFull(error)) return answer(507, full)
    if (isObjectGone(error)) return answer(404, gone)
    reply.header('retry-after', '5')
    if (isStorageAway(error)) return answer(503, away)
    return answer(503, unavailable)
  }

const refusalProblem = ({ kind, message }: Refusal): Problem =>
  kind === 'not-signed-in'
    ? {
        title: 'Only administrators can do that',
        text: 'Your session has ended. Run ./farm admin on the server: it prints a link that signs this browser in.',
      }
    : {
        title: kind === 'too-many-requests' ? problemKinds[kind][1] : 'The request was refused',
        text: sentenceOf(message),
      }

const tooSlow: Problem = {
  title: 'This page takes too long',
  text: `${sentenceOf(tookTooLong)} Hosts and their jobs are not affected.`,
}

const tooMany: Problem = { title: problemKinds['too-many-requests'][1], text: sentenceOf(tooManyQueries) }

const gone: Problem = { title: 'The farm no longer has this log or file', text: sentenceOf(storedGone) }

const full: Problem = { title: problemKinds['storage-full'][1], text: sentenceOf(storageFull) }

const away: Problem = {
  title: 'The bucket of the farm does not answer',
  text: 'Logs and artifacts of ended jobs are in this bucket. Hosts continue their jobs, and keep what the farm cannot take. Load this page again in a moment.',
}

const unavailable: Problem = {
  title: 'The server cannot answer now',
  text: 'Its database may be down. Hosts continue their jobs. Load this page again in a moment. The server log names the reason.',
}
