import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { expect } from 'vitest'
import { readSource } from '../../../../../test/support/sources.ts'
import { serverTest } from '../../server.fixture.ts'

interface Operation {
  operationId?: string
  requestBody?: { required: boolean; content: Record<string, { schema: TSchema; example?: unknown }> }
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>
}

serverTest('the OpenAPI document lists every route, its schemas, and whether it needs a token', async ({ server }) => {
  const document = (await server.ask('/api/v1/openapi.json')).json()
  expect(document.openapi).toBe('3.1.0')
  const paths: Record<string, Record<string, Operation>> = document.paths
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
  )
  expect(
    operations
      .map(({ name }) => name)
      .filter(name => !name.startsWith('head'))
      .sort(),
  ).toEqual([
    'delete /api/v1/acknowledgements/{id}',
    'delete /api/v1/hosts/{name}',
    'delete /api/v1/hosts/{name}/alert',
    'delete /api/v1/tokens/{name}',
    'delete /api/v1/tries/{id}',
    'get /api/v1/bisections',
    'get /api/v1/bisections/{id}',
    'get /api/v1/builds',
    'get /api/v1/builds/{id}',
    'get /api/v1/builds/{id}/changes',
    'get /api/v1/builds/{id}/failures',
    'get /api/v1/builds/{id}/tests',
    'get /api/v1/builds/{id}/traits',
    'get /api/v1/deliveries',
    'get /api/v1/deliveries/{id}',
    'get /api/v1/events',
    'get /api/v1/hosts',
    'get /api/v1/hosts/{name}',
    'get /api/v1/jobs',
    'get /api/v1/jobs/{id}',
    'get /api/v1/jobs/{id}/artifacts/{name}',
    'get /api/v1/jobs/{id}/attempts/{number}/artifacts/{name}',
    'get /api/v1/jobs/{id}/attempts/{number}/failure',
    'get /api/v1/jobs/{id}/attempts/{number}/log',
    'get /api/v1/jobs/{id}/attempts/{number}/log/lines',
    'get /api/v1/jobs/{id}/attempts/{number}/log/search',
    'get /api/v1/jobs/{id}/attempts/{number}/tests',
    'get /api/v1/jobs/{id}/comparison',
    'get /api/v1/jobs/{id}/expectation',
    'get /api/v1/jobs/{id}/failure',
    'get /api/v1/jobs/{id}/log',
    'get /api/v1/jobs/{id}/log/lines',
    'get /api/v1/jobs/{id}/log/search',
    'get /api/v1/jobs/{id}/tests',
    'get /api/v1/matrix',
    'get /api/v1/matrix/boxes/{host}/{arch}',
    'get /api/v1/matrix/news',
    'get /api/v1/notification-channels',
    'get /api/v1/notifications',
    'get /api/v1/projects',
    'get /api/v1/projects/{name}',
    'get /api/v1/projects/{name}/acknowledgements',
    'get /api/v1/projects/{name}/cells',
    'get /api/v1/projects/{name}/cells/{host}/{arch}/{variant}',
    'get /api/v1/projects/{name}/commit-table',
    'get /api/v1/projects/{name}/commits',
    'get /api/v1/projects/{name}/last-good',
    'get /api/v1/projects/{name}/pull-requests',
    'get /api/v1/projects/{name}/pull-requests/{number}',
    'get /api/v1/projects/{name}/repositories',
    'get /api/v1/projects/{name}/retention',
    'get /api/v1/projects/{name}/schedules',
    'get /api/v1/projects/{name}/statuses',
    'get /api/v1/projects/{name}/tests',
    'get /api/v1/projects/{name}/tests/{id}',
    'get /api/v1/queue',
    'get /api/v1/tokens',
    'get /api/v1/tries/{id}',
    'post /api/v1/bisections',
    'post /api/v1/bisections/{id}/cancel',
    'post /api/v1/bisections/{id}/continue',
    'post /api/v1/bisections/{id}/inside-merge',
    'post /api/v1/builds/{id}/cancel',
    'post /api/v1/builds/{id}/retry',
    'post /api/v1/deliveries/{id}/replay',
    'post /api/v1/hosts/invitations',
    'post /api/v1/hosts/{name}/alert',
    'post /api/v1/hosts/{name}/pause',
    'post /api/v1/hosts/{name}/resume',
    'post /api/v1/jobs/retry-lost',
    'post /api/v1/jobs/{id}/cancel',
    'post /api/v1/jobs/{id}/retry',
    'post /api/v1/login-links',
    'post /api/v1/notification-channels/{name}/test',
    'post /api/v1/notifications/{id}/retry',
    'post /api/v1/projects/{name}/acknowledgements',
    'post /api/v1/projects/{name}/builds',
    'post /api/v1/projects/{name}/pull-requests/{number}/approve',
    'post /api/v1/projects/{name}/pull-requests/{number}/refuse',
    'post /api/v1/projects/{name}/statuses/retry',
    'post /api/v1/projects/{name}/tries',
    'post /api/v1/projects/{name}/webhook-tests',
    'post /api/v1/tokens',
    'post /api/v1/tries/{id}/start',
    'put /api/v1/tries/{id}/files',
  ])
  const one = paths['/api/v1/builds/{id}']?.get?.responses ?? {}
  expect(one['200']?.content?.['application/json']?.schema.$ref).toBe('#/components/schemas/Build')
  expect(one['4XX']?.content?.['application/problem+json']?.schema.$ref).toBe('#/components/schemas/Problem')
  expect(document.components.schemas.Build.properties.jobs.items.$ref).toBe('#/components/schemas/JobSummary')
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name,
  )
  for (const name of refs) expect(Object.keys(document.components.schemas)).toContain(name)
})

serverTest(
  'each operation has its own operationId, and a body without required members is optional',
  async ({ server }) => {
    const { paths } = (await server.ask('/api/v1/openapi.json')).json()
    const operations = Object.values<Record<string, Operation>>(paths).flatMap(methods => Object.values(methods))
    const ids = operations.map(({ operationId }) => operationId)
    for (const id of ids) expect(id).toMatch(/^[a-z]+[A-Z][A-Za-z]+$/)
    expect(new Set(ids).size).toBe(ids.length)
    const bodyOf = (path: string) => paths[path].post.requestBody
    expect(bodyOf('/api/v1/jobs/{id}/cancel').required).toBe(false)
    expect(bodyOf('/api/v1/projects/{name}/builds').required).toBe(false)
    expect(bodyOf('/api/v1/tokens').required).toBe(true)
  },
)

serverTest('the document lists the error answers of each operation with their kinds', async ({ server }) => {
  await server.configure()
  await server.host('vax')
  await server.build()
  const { paths } = (await server.ask('/api/v1/openapi.json')).json()
  const requests = [
    ['get', '/api/v1/jobs', '/api/v1/jobs?limit=x'],
    ['get', '/api/v1/jobs/{id}', '/api/v1/jobs/9'],
    ['get', '/api/v1/jobs/{id}/log', '/api/v1/jobs/9/log'],
    ['get', '/api/v1/jobs/{id}/failure', '/api/v1/jobs/1/failure'],
    ['get', '/api/v1/jobs/{id}/tests', '/api/v1/jobs/9/tests'],
    ['get', '/api/v1/builds/{id}/tests', '/api/v1/builds/9/tests'],
    ['get', '/api/v1/projects/{name}/tests', '/api/v1/projects/x/tests'],
    ['get', '/api/v1/projects/{name}/tests/{id}', '/api/v1/projects/sample/tests/9'],
    ['get', '/api/v1/matrix', '/api/v1/matrix?project=x'],
    ['get', '/api/v1/tokens', '/api/v1/tokens'],
    ['post', '/api/v1/jobs/{id}/retry', '/api/v1/jobs/1/retry'],
    ['post', '/api/v1/builds/{id}/retry', '/api/v1/builds/9/retry'],
    ['post', '/api/v1/hosts/invitations', '/api/v1/hosts/invitations'],
    ['post', '/api/v1/projects/{name}/builds', '/api/v1/projects/x/builds'],
    ['delete', '/api/v1/hosts/{name}', '/api/v1/hosts/vax'],
  ] as const
  for (const [method, path, url] of requests) {
    const answer = method === 'post' ? await server.post(url) : await server.ask({ method, url })
    const { type, status } = answer.json()
    const documented = paths[path][method].responses[status]
    expect([url, documented?.description]).toEqual([url, expect.stringContaining(`${type.split(':').at(-1)}: `)])
    expect(Object.keys(documented.content)).toEqual(['application/problem+json'])
  }
})

serverTest('each schema and each body has an example that matches it', async ({ server }) => {
  const document = (await server.ask('/api/v1/openapi.json')).json()
  const schemas: Record<string, TSchema & { examples?: unknown[] }> = document.components.schemas
  const named = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [`#/components/schemas/${name}`, schema]),
  )
  for (const [name, schema] of Object.entries(schemas)) {
    const example = schema.examples?.[0]
    expect([name, example]).toEqual([name, expect.anything()])
    expect([name, [...Value.Errors(named, schema, example)]]).toEqual([name, []])
  }
  const operations = Object.values<Record<string, Operation>>(document.paths).flatMap(methods => Object.values(methods))
  for (const { operationId, requestBody } of operations)
    for (const { schema, example } of Object.values(requestBody?.content ?? {}))
      expect([operationId, [...Value.Errors(named, schema, example)]]).toEqual([operationId, []])
  expect(schemas.JobSummary?.examples?.[0]).toMatchObject({ host: 'vax', arch: 'amd64', verdict: 'failed' })
})

serverTest('the types in packages/client match the OpenAPI document of the running server', async ({ server }) => {
  const document = (await server.ask('/api/v1/openapi.json')).json()
  const { typesOf } = await import('../../../../../packages/client/generate.mjs' as string)
  const { text } = readSource('packages/client/src/generated/api.ts')
  expect(text === (await typesOf(document)), 'run: node packages/client/generate.mjs').toBe(true)
})

serverTest(
  'the reference page lists every operation and every schema, and loads nothing from other servers',
  async ({ server }) => {
    const { paths, components } = (await server.ask('/api/v1/openapi.json')).json()
    const page = await server.ask('/api/v1/docs')
    expect(page.headers['content-type']).toMatch(/^text\/html/)
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'/)
    expect(page.body).not.toMatch(/(?:src|href)="(?![/#])/)
    for (const [path, methods] of Object.entries<object>(paths))
      for (const method of Object.keys(methods).filter(name => name !== 'head'))
        expect(page.body).toContain(`<code>${method.toUpperCase()} ${path}</code>`)
    for (const name of Object.keys(components.schemas)) expect(page.body).toContain(`id="schema-${name}"`)
    const links = [...page.body.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    for (const id of links) expect(page.body).toContain(`id="${id}"`)
  },
)
