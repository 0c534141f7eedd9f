import type { FastifyRequest } from 'fastify'

/** A number in an address; undefined if it is none, or larger than a database column holds. */
export const wholeNumber = (text: unknown): number | undefined =>
  typeof text === 'string' && /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined

/** A parameter of the query; the last one when the name occurs twice. */
export const queryWord = (request: FastifyRequest, name: string): string | undefined => {
  const value = (request.query as Record<string, string | string[] | undefined>)[name]
  const word = Array.isArray(value) ? value.at(-1) : value
  return word === '' ? undefined : word
}
