import type { FastifyRequest } from 'fastify'

/** Reads a number in an address. Returns undefined if the text is not a number, or too large for a database column. */
export const wholeNumber = (text: unknown): number | undefined =>
  typeof text === 'string' && /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined

/** Reads the number of a job, which has more digits than other numbers. */
export const jobNumber = (text: unknown): number | undefined =>
  typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined

/** Reads a parameter of the query. If the query has the parameter twice, the last value counts. */
export const queryWord = (request: FastifyRequest, name: string): string | undefined => {
  const value = (request.query as Record<string, string | string[] | undefined>)[name]
  const word = Array.isArray(value) ? value.at(-1) : value
  return word === '' ? undefined : word
}
