import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../../../server.fixture.ts'

const withMail = (server: TestServer) =>
  server.open({
    config: {
      ...server.config,
      publicUrl: 'https://ci.example.org',
      notifiers: { ...server.config.notifiers, smtpUrl: 'smtp://localhost', mailFrom: 'farm@example.org' },
    },
  })

const send = (app: FastifyInstance, url: string, fields: Record<string, string> = {}, headers = {}) =>
  app.inject({
    method: 'POST',
    url,
    payload: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    remoteAddress: '192.0.2.7',
  })

/** The token of the link in the next mail. */
async function mailed({ farm }: TestServer): Promise<string> {
  const [message] = await farm.notifications.takeDue()
  const draft = message && (await farm.notifications.compose(message))
  const [link] = draft && typeof draft !== 'string' ? draft.links : []
  return link && 'path' in link ? link.path : ''
}

serverTest('a person follows a project, confirms, and ends it with one click', async ({ server }) => {
  await server.configure()
  const app = await withMail(server)
  expect((await app.inject('/projects/sample')).body).toContain(
    '<a href="/subscriptions?project=sample">Follow sample by mail</a>',
  )
  const form = (await app.inject('/subscriptions?project=sample')).body
  expect(form).toMatch(/<option selected value="sample">|<option value="sample" selected>/)
  const fields = { mail: 'ada@example.org', project: 'sample', 'on-fixed': '1' }
  const asked = await send(app, '/subscriptions', fields)
  expect([asked.statusCode, asked.headers.location]).toEqual([303, '/subscriptions/requested'])

  const path = await mailed(server)
  const page = await app.inject(path)
  expect(page.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
  expect(page.body).toContain('You asked to follow <strong>sample</strong>')
  expect(page.body).not.toContain('ada@')
  expect((await app.inject(path)).body, 'reading a link changes nothing').toContain('Confirm subscription')
  expect((await send(app, `${path}/confirm`)).headers.location).toBe(path)
  expect((await app.inject(path)).body).toContain('You follow <strong>sample</strong>')

  const click = {
    method: 'POST' as const,
    url: path,
    payload: '--x\r\ncontent-disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  }
  for (const _ of [1, 2]) expect((await app.inject(click)).body).toContain('Unsubscribed')
  expect((await app.inject(path)).statusCode).toBe(404)
  await app.close()
})

serverTest('a mistake stays in the form, and other sites and floods are refused', async ({ server }) => {
  await server.configure()
  const app = await withMail(server)
  const fields = { mail: '"><b>', project: 'sample', 'on-fixed': '1' }
  const wrong = await send(app, '/subscriptions', fields)
  expect(wrong.statusCode).toBe(422)
  expect(wrong.body).toContain('The farm cannot send mail to this address')
  expect(wrong.body).not.toContain('<b>')
  expect((await send(app, '/subscriptions', fields, { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(409)
  const statuses: number[] = []
  for (let request = 0; request < 10; request++) statuses.push((await send(app, '/subscriptions', fields)).statusCode)
  expect([statuses[0], statuses.at(-1)]).toEqual([422, 429])
  await app.close()
})

serverTest('a farm without mail says so, and no page links to the form', async ({ server }) => {
  await server.configure()
  expect((await server.ask('/subscriptions')).body).toContain('This farm cannot send mail to people')
  expect((await server.ask({ method: 'POST', url: '/subscriptions' })).statusCode).toBe(422)
  expect((await server.ask('/projects/sample')).body).not.toContain('by mail')
})
