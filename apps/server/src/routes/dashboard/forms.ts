import type { FastifyReply } from 'fastify'

/** 303, so that reloading the next page does not send the form again. */
export const seeOther = (reply: FastifyReply, path: string): FastifyReply => reply.redirect(path, 303)
