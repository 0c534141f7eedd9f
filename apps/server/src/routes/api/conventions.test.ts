// Rules that every operation of the API follows. The tests read the operations from the OpenAPI document.
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { describe, expect } from 'vitest'
import { patternWords } from '../../http/problems/pattern-words.ts'
import { adminToken, serverTest, type TestServer } from '../../server.fixture.ts'

interface Media {
  schema: TSchema
  example?: unknown
  examples?: Record<string, { value: { type: string; status: number } }>
}

interface Operation {
  operationId: string
  summary?: string
  description?: string
  tags?: string[]
  security?: object[]
  parameters?: { name: string; in: string; description?: string; schema: TSchema; example?: unknown }[]
  requestBody?: { required: boolean; content: Record<string, Media> }
  responses: Record<string, { description: string; content?: Record<string, Media> }>
}

interface Named extends Operation {
  method: string
  path: string
}

interface Document {
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, TSchema> }
}

const documentOf = async (server: TestServer): Promise<Document> => (await server.ask('/api/v1/openapi.json')).json()

const operationsOf = ({ paths }: Document): Named[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, ...operation })),
  )

const schemasOf = ({ components }: Document) =>
  Object.fromEntries(Object.entries(components.schemas).map(([name, one]) => [`#/components/schemas/${name}`, one]))

/** All patterns in a schema, and in the schemas that it names. */
function patternsIn(value: unknown, schemas: Record<string, TSchema>): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { pattern, $ref } = value as { pattern?: unknown; $ref?: string }
  const own = typeof pattern === 'string' ? [pattern] : []
  const named = $ref === undefined ? [] : patternsIn(schemas[$ref], schemas)
  return [...own, ...named, ...Object.values(value).flatMap(inner => patternsIn(inner, schemas))]
}

describe('each operation of the document', () => {
  serverTest('has words for the error of each value that does not match a pattern', async ({ server }) => {
    const document = await documentOf(server)
    const requests = operationsOf(document).map(({ parameters, requestBody }) => ({ parameters, requestBody }))
    const patterns = new Set(patternsIn(requests, schemasOf(document)))
    expect(patterns.size).toBeGreaterThan(4)
    expect([...patterns].filter(pattern => patternWords(pattern) === undefined)).toEqual([])
  })

  serverTest('has a summary, a description and one tag that the document describes', async ({ server }) => {
    const document = await documentOf(server)
    const tags = document.tags.map(({ name }) => name)
    for (const { operationId, summary, description, tags: own = [] } of operationsOf(document)) {
      expect([operationId, summary, description]).toEqual([operationId, expect.any(String), expect.any(String)])
      expect([operationId, own.length, tags]).toEqual([operationId, 1, expect.arrayContaining(own)])
    }
    for (const { name, description } of document.tags) expect(description).not.toBe(name)
  })

  serverTest('says whether it needs a token', async ({ server }) => {
    for (const { operationId, method, security } of operationsOf(await documentOf(server))) {
      const isPublic =
        (method === 'get' || method === 'head') &&
        !/^(listTokens|listNotification|getTry|listDeliver|getDeliver|previewRetention)/.test(operationId)
      expect([operationId, security]).toEqual([operationId, isPublic ? [] : [{ token: [] }]])
    }
  })

  serverTest(
    'has examples of its parameters, its body and its answers that match their schemas',
    async ({ server }) => {
      const document = await documentOf(server)
      const schemas = schemasOf(document)
      const check = (where: string, schema: TSchema, example: unknown) =>
        expect([where, example, [...Value.Errors(schemas, schema, example)]]).toEqual([where, expect.anything(), []])
      for (const { operationId, parameters = [], requestBody, responses } of operationsOf(document)) {
        for (const { name, schema, example } of parameters) check(`${operationId} ${name}`, schema, example)
        const bodies = [requestBody, ...Object.values(responses)].flatMap(one => Object.entries(one?.content ?? {}))
        for (const [type, { schema, example, examples }] of bodies)
          if (type === 'application/problem+json')
            for (const { value } of Object.values(examples ?? { none: { value: null } }))
              check(`${operationId} ${type}`, schema, value)
          else if (type === 'application/json') check(`${operationId} ${type}`, schema, example)
      }
    },
  )

  serverTest('has an example of each kind of problem under the status of this kind', async ({ server }) => {
    for (const { operationId, responses } of operationsOf(await documentOf(server)))
      for (const [status, { content }] of Object.entries(responses)) {
        const examples = content?.['application/problem+json']?.examples ?? {}
        if (!/^[45]\d\d$/.test(status)) continue
        expect([operationId, status, Object.keys(examples).length]).toEqual([operationId, status, expect.any(Number)])
        for (const [kind, { value }] of Object.entries(examples))
          expect([operationId, value.type, String(value.status)]).toEqual([
            operationId,
            expect.stringMatching(kind),
            status,
          ])
      }
  })
})

const pathWith = (path: string, id: string, number = '1'): string =>
  path
    .replace('{id}', id)
    .replace('{number}', number)
    .replace(/\/projects\/\{name\}/, '/projects/sample')
    .replace(/\{\w+\}/g, 'x')

serverTest(
  'a number that is too large is unknown (404) in every operation',
  { timeout: 60_000 },
  async ({ server }) => {
    await server.configure()
    await server.host('vax')
    await server.build()
    const withNumbers = operationsOf(await documentOf(server)).filter(({ path }) => path.includes('{id}'))
    expect(withNumbers.length).toBeGreaterThan(30)
    const authorization = `Bearer ${adminToken}`
    for (const { method, path, parameters = [], requestBody } of withNumbers)
      for (const large of ['2147483646', '2147483647', '2147483648', '9007199254740993', '99999999999999999999']) {
        const query = parameters.filter(one => one.in === 'query' && one.name === 'find').map(() => '?find=x')
        const urls = [pathWith(path, large), ...(path.includes('{number}') ? [pathWith(path, '1', large)] : [])]
        for (const url of urls) {
          const payload = requestBody?.content['application/json']?.example as object | undefined
          const { statusCode } = await server.ask({
            method: method.toUpperCase() as 'GET',
            url: url + query.join(''),
            headers: { authorization },
            ...(payload ? { payload } : {}),
          })
          expect([method, url, statusCode]).toEqual([method, url, 404])
        }
      }
  },
)

serverTest('a number in a query that is too large finds nothing, and is no error of the server', async ({ server }) => {
  for (const large of ['2147483647', '2147483648', '99999999999999999999'])
    for (const url of [
      '/api/v1/jobs?build=',
      '/api/v1/events?kind=x&build=',
      '/api/v1/jobs/1/comparison?with=',
      '/jobs/',
      '/builds/',
    ])
      expect([url, large, (await server.ask(url + large)).statusCode]).toEqual([
        url,
        large,
        expect.toSatisfy(status => status < 500),
      ])
})

describe('another method', () => {
  serverTest('is answered with 405 and the methods of the path, in every path of the API', async ({ server }) => {
    const { paths } = await documentOf(server)
    for (const [path, methods] of Object.entries(paths)) {
      const known = Object.keys(methods).map(method => method.toUpperCase())
      const other =
        (['PUT', 'PATCH', 'DELETE', 'POST', 'GET'] as const).find(method => !known.includes(method)) ?? 'PUT'
      const answer = await server.ask({ method: other, url: pathWith(path, '1') })
      const allowed = String(answer.headers.allow).split(', ')
      expect([path, answer.statusCode, allowed]).toEqual([path, 405, expect.arrayContaining(known)])
      expect(allowed).not.toContain(other)
      expect(answer.json()).toMatchObject({ type: 'urn:rumpfarm:problem:wrong-method', status: 405 })
    }
  })

  serverTest(
    'is answered with 405 also on pages: as a page for browsers, as a problem for programs',
    async ({ server }) => {
      const rows = [
        ['PUT', '/', 'GET, HEAD'],
        ['POST', '/builds', 'GET, HEAD'],
        ['DELETE', '/jobs/1', 'GET, HEAD'],
        ['GET', '/jobs/1/cancel', 'POST'],
        ['POST', '/assets/x', undefined],
        ['GET', '/webhooks/github', 'POST'],
      ] as const
      for (const [method, url, allow] of rows) {
        const { statusCode, headers } = await server.ask({ method, url })
        expect([url, statusCode, headers.allow]).toEqual([url, allow ? 405 : 404, allow])
        expect(headers['content-type']).toContain('application/problem+json')
      }
      const page = await server.ask({ method: 'PUT', url: '/hosts', headers: { accept: 'text/html,*/*;q=0.8' } })
      expect([page.statusCode, page.headers.allow]).toEqual([405, 'GET, HEAD'])
      expect(page.headers['content-type']).toContain('text/html')
      expect(page.body).toContain('/hosts does not accept PUT')
    },
  )

  serverTest('OPTIONS names the methods of a path', async ({ server }) => {
    const { statusCode, headers } = await server.ask({ method: 'OPTIONS', url: '/api/v1/hosts/vax' })
    expect([statusCode, headers.allow]).toEqual([204, 'DELETE, GET, HEAD'])
    expect((await server.ask({ method: 'OPTIONS', url: '/api/v1/nothing' })).statusCode).toBe(404)
  })
})
