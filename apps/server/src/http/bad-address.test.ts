import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { refuseEarly } from '../early-refusals.ts'
import { answerBadAddress, refuseNul } from './bad-address.ts'
import { addPublicPath } from './public-url.ts'

const long = 'x'.repeat(5000)

test.each([
  ['/%', 400, 'text/html'],
  ['/hosts/%', 400, 'text/html'],
  ['/hosts/a%00b', 400, 'text/html'],
  ['/?project=%00', 400, 'text/html'],
  [`/hosts/${long}`, 414, 'text/html'],
  ['/api/v1/hosts/%zz', 400, 'application/problem+json'],
  ['/api/v1/jobs?host=%00', 400, 'application/problem+json'],
  [`/api/v1/hosts/${long}`, 414, 'application/problem+json'],
  ['/webhooks/%', 400, 'application/problem+json'],
])('the server answers a browser that asks for %s with %i and the type %s', async (url, status, type) => {
  const app = Fastify({ routerOptions: { maxParamLength: 200 }, frameworkErrors: answerBadAddress(refuseEarly) })
  addPublicPath(app, '')
  refuseNul(app, refuseEarly)
  for (const path of ['/', '/hosts/:name', '/api/v1/hosts/:name', '/api/v1/jobs', '/webhooks/:name'])
    app.get(path, async () => 'here')
  const answer = await app.inject({ url, headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })
  const toCurl = await app.inject({ url, headers: { accept: '*/*' } })
  await app.close()
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([status, expect.stringContaining(type)])
  expect(answer.body).not.toContain('FST_ERR')
  const problem = [status, 'application/problem+json']
  expect([toCurl.statusCode, toCurl.headers['content-type']]).toEqual(problem)
  expect(toCurl.json()).toMatchObject({ status, detail: expect.any(String) })
})
