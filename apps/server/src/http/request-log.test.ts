import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { logRequests } from './request-log.ts'

async function logOf(method: 'GET' | 'POST', url: string): Promise<string[]> {
  const lines: { msg: string; status?: number }[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
  })
  logRequests(app)
  app.get('/builds', async () => 'a page')
  app.post('/webhooks/github', async (_request, reply) => reply.code(401).send('no'))
  app.post('/agent/v1/enroll', async () => 'ok')
  app.post('/agent/v1/claim', async () => 'ok')
  app.post('/login/:token', async () => 'welcome')
  await app.inject({ method, url })
  await app.close()
  return lines.filter(line => line.status !== undefined).map(line => `${line.status} ${JSON.stringify(line)}`)
}

test.each([
  ['GET', '/builds', undefined],
  ['GET', '/nowhere', undefined],
  ['POST', '/agent/v1/claim', undefined],
  ['POST', '/agent/v1/enroll', /^200 .*"POST \/agent\/v1\/enroll"/],
  ['POST', '/webhooks/github?x=1', /^401 .*"refused POST \/webhooks\/github"/],
  ['POST', '/login/s3cret', /^200 .*"POST \/login\/:token"/],
] as const)('the server logs %s %s as %s', async (method, url, expected) => {
  const lines = await logOf(method, url)
  expect(lines.join()).not.toContain('s3cret')
  if (expected === undefined) expect(lines).toEqual([])
  else expect(lines).toEqual([expect.stringMatching(expected)])
})
