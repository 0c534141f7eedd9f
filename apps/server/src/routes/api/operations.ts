import type { SwaggerTransformObject } from '@fastify/swagger'
import { type ProblemKind, problemKinds } from '../../http/problems.ts'
import { type ExampleSchema, exampleOf } from './examples.ts'

interface Body {
  required?: boolean
  content?: Record<string, { schema?: ExampleSchema & { required?: string[] }; example?: unknown }>
}

interface Operation {
  operationId?: string
  requestBody?: Body
  parameters?: unknown[]
  security?: unknown[]
  responses?: Record<string, { description: string }>
}

/**
 * Adds what @fastify/swagger cannot know. A body without required members is optional, because an empty body means {}.
 * HEAD is an operation of its own, so it needs an `operationId` that differs from that of GET. Each named schema and
 * each body has an example. The document also has the error answers that a route need not list.
 */
export const completeDocument: SwaggerTransformObject = document => {
  if (!('openapiObject' in document)) return document.swaggerObject
  const { openapiObject } = document
  const schemas = (openapiObject.components?.schemas ?? {}) as Record<string, ExampleSchema & { examples?: unknown[] }>
  for (const schema of Object.values(schemas)) schema.examples = [exampleOf(schemas, schema)]
  for (const methods of Object.values(openapiObject.paths ?? {}) as Record<string, Operation>[]) {
    for (const operation of Object.values(methods)) {
      if (operation.requestBody) completeBody(schemas, operation.requestBody)
      completeResponses(operation)
    }
    if (methods.head) methods.head = { ...methods.head, operationId: `${methods.head.operationId}Head` }
  }
  return openapiObject
}

function completeBody(schemas: Record<string, ExampleSchema>, body: Body): void {
  const media = Object.values(body.content ?? {})
  if (!media.some(({ schema }) => (schema?.required ?? []).length > 0)) body.required = false
  for (const one of media) if (one.schema) one.example = exampleOf(schemas, one.schema)
}

/** Adds the error answers that depend only on the kind of the operation, such as those of a missing token. */
function completeResponses(operation: Operation): void {
  const { responses = {} } = operation
  for (const [status, text] of commonErrors(operation)) {
    const own = responses[status]
    responses[status] = { ...responses['4XX'], description: own ? `${own.description}. ${text}` : text }
  }
}

const commonErrors = ({ requestBody, parameters = [], security }: Operation): [string, string][] => [
  ...(parameters.length > 0 || requestBody ? [errorOf('invalid', ...bodyKinds(requestBody))] : []),
  ...(security ? [errorOf('not-signed-in'), errorOf('not-allowed', 'form-expired')] : []),
  ...(requestBody ? [errorOf('body-too-large'), errorOf('unsupported-type')] : []),
  errorOf('too-many-requests'),
  errorOf('unavailable', 'took-too-long'),
]

const bodyKinds = (body: Body | undefined): ProblemKind[] => (body ? ['malformed'] : [])

/** The status of these kinds of problems, and the text that lists them. */
function errorOf(...kinds: [ProblemKind, ...ProblemKind[]]): [string, string] {
  return [String(problemKinds[kinds[0]][0]), kinds.map(wordsOf).join('. ')]
}

export const wordsOf = (kind: ProblemKind): string => `${kind}: ${problemKinds[kind][1]}`
