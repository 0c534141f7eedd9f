import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { err } from './agent/answers.ts'
import { drawProblemPage } from './dashboard/pages/problem.tsx'
import { sendPage } from './dashboard/visit.ts'
import { problem, problemKinds } from './problems.ts'

type Kind = 'malformed' | 'address-too-long'

const words: Record<Kind, string> = {
  malformed: 'the address is not well formed: a % is followed by two hexadecimal digits, and %00 has no place in it',
  'address-too-long': 'a part of the address is longer than 200 characters: nothing here has so long a name',
}

/** Fastify's own refusals of an address, before any route is found: each audience gets them in its own form. */
export const answerBadAddress = (
  { code }: { code: string },
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply => answer(code === 'FST_ERR_MAX_PARAM_LENGTH' ? 'address-too-long' : 'malformed', request, reply)

/** PostgreSQL's text cannot hold NUL, and no name has one: the farm is not even asked. */
export function refuseNul(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.includes('%00')) return answer('malformed', request, reply)
  })
}

function answer(kind: Kind, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (/^\/(api|webhooks)(\/|$)/.test(request.url)) return problem(reply, kind, words[kind])
  if (request.url.startsWith('/agent/')) return err(reply, 400, words[kind])
  const [status, title] = problemKinds[kind]
  const visit = {
    at: new Date(),
    admin: false,
    csrf: undefined,
    path: '/',
    publicPath: request.server.publicPath,
    problems: [],
  }
  const text = `${words[kind].charAt(0).toUpperCase()}${words[kind].slice(1)}.`
  return sendPage(reply.code(status), drawProblemPage(visit, { title, text, next: { href: '/', text: 'The matrix' } }))
}
