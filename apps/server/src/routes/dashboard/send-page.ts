import type { FastifyReply } from 'fastify'
import { pageHeaders } from '../../http/security-headers.ts'

export const sendPage = (reply: FastifyReply, html: string | Buffer): FastifyReply =>
  withPageHeaders(reply).type('text/html; charset=utf-8').send(html)

/**
 * The browser has this page already. The answer needs the headers of a page, because the browser replaces the headers of
 * its copy by those of this answer. With another policy, the copy would lose its styles and scripts.
 */
export const sendUnchangedPage = (reply: FastifyReply): FastifyReply => withPageHeaders(reply).code(304).send()

const withPageHeaders = (reply: FastifyReply): FastifyReply =>
  reply.headers(pageHeaders).header('cache-control', 'no-cache')
