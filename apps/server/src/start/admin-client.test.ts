import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import type { Config } from '../config.ts'
import { adminClient } from './admin-client.ts'

test.each([
  ['ADMIN_TOKEN', 'set ADMIN_TOKEN to a new token (openssl rand -hex 32) and start the farm again'],
  [
    '/srv/data/secrets/admin-token',
    'remove /srv/data/secrets/admin-token and start the farm again, which makes a new token',
  ],
])('if the farm refuses the token of %s, the message says how to get a new token', async (from, advice) => {
  const app = Fastify()
  app.post('/api/v1/login-links', (_request, reply) =>
    reply.code(401).send({ detail: 'the farm does not know this token' }),
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const config = { secrets: { adminToken: 'x' }, adminTokenFrom: from } as Config
  const client = adminClient(`http://127.0.0.1:${port}`, config)
  const message = `the farm refuses the token of ${from}: it was revoked, or it belongs to another farm. If it was revoked, ${advice}`
  await expect(client.post('/api/v1/login-links')).rejects.toThrow(message)
  await app.close()
})
