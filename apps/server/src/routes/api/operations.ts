import type { SwaggerTransformObject } from '@fastify/swagger'
import { type ProblemKind, problemKinds } from '../../http/problems.ts'
import { type ExampleSchema, exampleOf } from './examples.ts'
import { tagsOf } from './tags.ts'

interface Media {
  schema?: ExampleSchema & { required?: string[] }
  example?: unknown
  examples?: Record<string, { value: unknown }>
}

type Content = Record<string, Media>

interface Answer {
  description: string
  content?: Content
}

interface Operation {
  operationId?: string
  tags?: string[]
  requestBody?: { required?: boolean; content?: Content }
  parameters?: { name: string; schema?: ExampleSchema; example?: unknown }[]
  security?: unknown[]
  responses?: Record<string, Answer>
}

type Schemas = Record<string, ExampleSchema & { examples?: unknown[] }>

/**
 * Adds what @fastify/swagger cannot know. A body without required members is optional, because an empty body means {}.
 * An operation without `security` is public. HEAD is an operation of its own, so it needs an `operationId` that differs
 * from that of GET. Each named schema, parameter, body and answer has an example. The document also has the error
 * answers that a route need not list.
 */
export const completeDocument: SwaggerTransformObject = document => {
  if (!('openapiObject' in document)) return document.swaggerObject
  const { openapiObject } = document
  const schemas = (openapiObject.components?.schemas ?? {}) as Schemas
  for (const schema of Object.values(schemas)) schema.examples = [exampleOf(schemas, schema)]
  const paths = Object.entries(openapiObject.paths ?? {}) as [string, Record<string, Operation>][]
  for (const [path, methods] of paths) {
    for (const operation of Object.values(methods)) completeOperation(schemas, path, operation)
    if (methods.head) methods.head = { ...methods.head, operationId: `${methods.head.operationId}Head` }
  }
  const operations = paths.flatMap(([, methods]) => Object.values(methods))
  openapiObject.tags = tagsOf(operations.flatMap(({ tags = [] }) => tags))
  return openapiObject
}

function completeOperation(schemas: Schemas, path: string, operation: Operation): void {
  operation.security ??= []
  for (const parameter of operation.parameters ?? [])
    if (parameter.schema) parameter.example = exampleOf(schemas, parameter.schema, memberOf(path, parameter.name))
  if (operation.requestBody) completeBody(schemas, operation.requestBody)
  for (const { content = {} } of Object.values(operation.responses ?? {})) addExamples(schemas, content)
  completeErrors(path, operation)
}

/** The name of a host or a project in a path is `name`. */
const memberOf = (path: string, name: string): string => {
  const [, whose] = /\/(host|project|token)s\/\{name\}/.exec(path) ?? []
  return name === 'name' && whose !== undefined && !path.includes('/artifacts/') ? `${whose}Name` : name
}

function completeBody(schemas: Schemas, body: { required?: boolean; content?: Content }): void {
  const media = Object.values(body.content ?? {})
  if (!media.some(({ schema }) => (schema?.required ?? []).length > 0)) body.required = false
  addExamples(schemas, body.content ?? {})
}

function addExamples(schemas: Schemas, content: Content): void {
  for (const [type, media] of Object.entries(content))
    if (media.schema && type.endsWith('json')) media.example = exampleOf(schemas, media.schema)
}

/** Adds the error answers that depend only on the kind of the operation, such as those of a missing token. */
function completeErrors(path: string, operation: Operation): void {
  const { responses = {} } = operation
  for (const kinds of commonErrors(operation)) {
    const status = String(problemKinds[kinds[0]][0])
    const own = responses[status]
    const text = kinds.map(wordsOf).join('. ')
    responses[status] = { ...responses['4XX'], description: own ? `${own.description}. ${text}` : text }
  }
  for (const [status, answer] of Object.entries(responses)) addProblems(path, status, answer)
}

type Kinds = [ProblemKind, ...ProblemKind[]]

const commonErrors = ({ requestBody, parameters = [], security = [] }: Operation): Kinds[] => [
  ...(parameters.length > 0 || requestBody ? [['invalid', ...bodyKinds(requestBody)] as Kinds] : []),
  ...(security.length > 0 ? ([['not-signed-in'], ['not-allowed', 'form-expired']] as Kinds[]) : []),
  ...(requestBody ? ([['body-too-large'], ['unsupported-type']] as Kinds[]) : []),
  ['too-many-requests'],
  ['unavailable', 'took-too-long'],
]

const bodyKinds = (body: object | undefined): ProblemKind[] => (body ? ['malformed'] : [])

/** One example for each kind of problem that the answer names. */
function addProblems(path: string, status: string, answer: Answer): void {
  const problem = answer.content?.['application/problem+json']
  if (!problem) return
  const kinds = Object.keys(problemKinds).filter(kind => new RegExp(`(^|\\. )${kind}: `).test(answer.description))
  const { example: _, ...media } = problem
  const shown = kinds.length > 0 ? kinds : [status.startsWith('5') ? 'defect' : 'malformed']
  const examples = Object.fromEntries(shown.map(kind => [kind, { value: problemExample(path, kind as ProblemKind) }]))
  answer.content = { 'application/problem+json': { ...media, examples } }
}

function problemExample(path: string, kind: ProblemKind): object {
  const [status, title] = problemKinds[kind]
  const instance = path.replace('{name}', 'sample').replace(/\{\w+\}/g, '1')
  return { type: `urn:rumpfarm:problem:${kind}`, title, status, detail: problemDetails[kind] ?? title, instance }
}

/** Believable details. The other kinds repeat their title. */
const problemDetails: Partial<Record<ProblemKind, string>> = {
  invalid: '/query/limit must be <= 200',
  malformed: 'the body is not JSON at line 1, column 2: Expected a property name',
  unknown: 'there is no job 1',
  'unknown-project': 'there is no project smaple; the farm has: sample',
  'not-signed-in': 'send a token in the header Authorization: Bearer TOKEN',
  'too-many-requests': 'more than 1200 requests a minute came from this address: wait 12 s and repeat',
  unavailable: 'the database does not answer, and this request may not have been processed: try again',
}

export const wordsOf = (kind: ProblemKind): string => `${kind}: ${problemKinds[kind][1]}`
