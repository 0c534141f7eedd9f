import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../../../server.fixture.ts'

/** Signs an administrator in. Returns functions that read pages and send forms in this session. */
async function signedIn(server: TestServer) {
  const { url } = (await server.post('/api/v1/login-links')).json()
  const used = await server.ask({ method: 'POST', url: new URL(url).pathname })
  const cookie = String(used.headers['set-cookie']).split(';')[0] ?? ''
  const read = async (path: string) => (await server.ask({ url: path, headers: { cookie } })).body
  const [, csrf = ''] = /name="_csrf" value="([^"]+)"/.exec(await read('/hosts/new')) ?? []
  const send = (path: string) =>
    server.ask({
      method: 'POST',
      url: path,
      payload: new URLSearchParams({ _csrf: csrf }).toString(),
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    })
  return { read, send }
}

serverTest('an administrator tests a channel, sees a failed message, and sends it again', async ({ server }) => {
  const target = { kind: 'slack' as const, url: 'https://hooks.example.org/secret-path' }
  await server.farm.projects.applyConfiguration([], {
    notify: [{ target, events: ['fixed'] }],
    notifyAfterSeconds: 0,
  })
  const { read, send } = await signedIn(server)
  const before = await read('/notifications')
  expect(before).toContain('Slack: https://hooks.example.org')
  expect(before).not.toContain('secret-path')
  expect(before).toContain('The farm has no messages yet')

  const [channel] = await server.farm.notifications.channels()
  const tested = await send(`/notifications/channels/${channel?.key}/test`)
  expect([tested.statusCode, tested.headers.location]).toEqual([303, '/notifications'])
  const [message] = await server.farm.notifications.takeDue()
  if (message) await server.farm.notifications.markFailed(message, { problem: 'no <answer>', permanent: true })
  const failed = await read('/notifications')
  expect(failed).toContain('Not delivered: no &lt;answer> (1 try)')
  expect(failed).toContain('Disabled: no &lt;answer>')
  expect((await send('/notifications/1/retry')).statusCode).toBe(303)
  expect(await server.farm.notifications.takeDue()).toHaveLength(1)
  expect((await send('/notifications/9/retry')).statusCode).toBe(409)
  expect((await send('/notifications/channels/none/test')).statusCode).toBe(404)
})

serverTest('only administrators see notifications', async ({ server }) => {
  expect((await server.ask('/notifications')).statusCode).toBe(404)
  expect((await server.ask('/api/v1/notifications')).statusCode).toBe(401)
  expect((await server.ask('/api/v1/notification-channels')).statusCode).toBe(401)
})
