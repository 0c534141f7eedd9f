import type { FastifyReply } from 'fastify'

/** Redirects with 303, so that a reload of the next page does not send the form again. */
export const seeOther = (reply: FastifyReply, path: string): FastifyReply => reply.redirect(path, 303)
