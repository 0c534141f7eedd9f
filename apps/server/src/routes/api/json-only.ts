import { readJson } from '@rumpfarm/contracts'
import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { Refusal } from '../../http/problems.ts'

/** No request needs a larger body. */
export const bodyBytesMax = 256 * 1024

/** Accepts only JSON bodies. An empty body means {}. An error contains the position of the mistake. */
export function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: bodyBytesMax },
    (_request, body, done) => {
      const json = read(body as string)
      if (json instanceof Refusal) done(json)
      else done(null, json.value)
    },
  )
  // A request without a body means the same as {}.
  app.addHook('preValidation', async request => {
    if (request.method === 'POST') request.body ??= {}
  })
  app.setValidatorCompiler(compile)
}

/**
 * Works like the compiler of the type provider, but does not load ajv-formats. It does not convert the types in a body,
 * because JSON has types.
 */
const compile: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const checker = Compile(schema)
  const allowed = Object.keys((schema as { properties?: object }).properties ?? {})
  return value => {
    const converted = httpPart === 'body' ? value : Value.Convert(schema, value)
    if (checker.Check(converted)) return { value: converted }
    return { error: checker.Errors(converted).map(error => ({ ...error, allowed })) as never }
  }
}

function read(text: string): { value: unknown } | Refusal {
  if (text === '') return { value: {} }
  const json = readJson(text)
  if (json.kind === 'value') return json
  const { line, column, problem } = json
  return new Refusal('malformed', `the body is not JSON at line ${line}, column ${column}: ${problem}`)
}
