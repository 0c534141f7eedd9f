import type { FastifyReply } from 'fastify'
import { pageHeaders } from '../../http/security-headers.ts'

export const sendPage = (reply: FastifyReply, html: string | Buffer): FastifyReply =>
  reply.type('text/html; charset=utf-8').headers(pageHeaders).header('cache-control', 'no-cache').send(html)
