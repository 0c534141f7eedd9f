import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../problems.ts'

/** More than any request to the API needs. */
const bodyBytesMax = 256 * 1024

/** Bodies are JSON, and a malformed one is answered with its place; an empty one is {}. */
export function speakJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: bodyBytesMax },
    (_request, body, done) => {
      const read = readJson(body as string)
      if (read instanceof Error) done(read)
      else done(null, read.value)
    },
  )
  // A request without a body says as much as one with {}.
  app.addHook('preValidation', async request => {
    if (request.method === 'POST') request.body ??= {}
  })
  app.setValidatorCompiler(TypeBoxValidatorCompiler as never)
}

function readJson(text: string): { value: unknown } | Error {
  if (text === '') return { value: {} }
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    const { message } = error as Error
    return new Refusal('malformed', `the body is not JSON${placeIn(text, message)}: ${message}`.slice(0, 300))
  }
}

/** Node says the position in most of its messages. */
function placeIn(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1]
  if (position === undefined) return ''
  const before = text.slice(0, Number(position)).split('\n')
  return ` at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
