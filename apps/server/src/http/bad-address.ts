import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { err } from '../routes/agent/answers.ts'
import { drawProblemPage } from '../routes/dashboard/pages/problem.tsx'
import { sendPage } from '../routes/dashboard/visit.ts'
import { problem, problemKinds, sentenceOf } from './problems.ts'
import { safeHeaders } from './security-headers.ts'

type Kind = 'malformed' | 'address-too-long' | 'wrong-host'

const words = {
  malformed: 'the address is not well formed: a % is followed by two hexadecimal digits, and %00 has no place in it',
  'address-too-long': 'a part of the address is longer than 200 characters: nothing here has so long a name',
}

/** Fastify's own refusals of an address, before any route is found: each audience gets them in its own form. */
export const answerBadAddress = (
  { code }: { code: string },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply => {
  const kind = code === 'FST_ERR_MAX_PARAM_LENGTH' ? 'address-too-long' : 'malformed'
  return answerInForm(kind, words[kind], request, reply.headers(safeHeaders)) // no hook has run
}

/** PostgreSQL's text cannot hold NUL, and no name has one: the farm is not even asked. */
export function refuseNul(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.includes('%00')) return answerInForm('malformed', words.malformed, request, reply)
  })
}

/** Refuses a request before any route is found, or outside of all of them, in the form of its audience. */
export function answerInForm(kind: Kind, detail: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (/^\/(api|webhooks)(\/|$)/.test(request.url)) return problem(reply, kind, detail)
  if (request.url.startsWith('/agent/')) return err(reply, 400, detail)
  const [status, title] = problemKinds[kind]
  const visit = {
    at: new Date(),
    admin: false,
    csrf: undefined,
    path: '/',
    publicPath: request.server.publicPath,
    problems: [],
  }
  return sendPage(
    reply.code(status),
    drawProblemPage(visit, { title, text: sentenceOf(detail), next: { href: '/', text: 'The matrix' } }),
  )
}
