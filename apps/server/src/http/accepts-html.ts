import accepts from 'accepts'
import type { FastifyRequest } from 'fastify'

const types = ['application/problem+json', 'application/json', 'text/html']

/**
 * True if the client wants errors as pages: browsers, also text browsers, prefer text/html. Programs that accept every
 * type, such as curl, get JSON.
 */
export const prefersHtml = ({ raw }: FastifyRequest): boolean => accepts(raw).type(types) === 'text/html'
