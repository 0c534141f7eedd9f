import { describe, expect } from 'vitest'
import { serverTest } from '../server.fixture.ts'

const origin = 'https://other.example'

describe('pages of other sites', () => {
  serverTest('may read the API, without cookies and tokens', async ({ server }) => {
    for (const url of ['/api/v1/builds', '/api/v1/matrix?format=csv', '/api/v1/jobs/9', '/api/v1/openapi.json']) {
      const { headers } = await server.ask({ url, headers: { origin } })
      expect([url, headers['access-control-allow-origin']]).toEqual([url, '*'])
      expect(headers).not.toHaveProperty('access-control-allow-credentials')
      expect(headers['access-control-expose-headers']).toContain('ETag')
    }
  })

  serverTest('may ask with the headers that a read needs, but not with a token', async ({ server }) => {
    const ask = (method: string) =>
      server.ask({
        method: 'OPTIONS',
        url: '/api/v1/jobs/1/log',
        headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'range' },
      })
    const { statusCode, headers } = await ask('GET')
    expect(statusCode).toBe(204)
    expect(headers['access-control-allow-methods']).toBe('GET, HEAD')
    expect(headers['access-control-allow-headers']).toContain('Range')
    expect(headers['access-control-allow-headers']).not.toContain('Authorization')
    expect((await ask('POST')).headers).not.toHaveProperty('access-control-allow-origin')
  })

  serverTest('may not change anything, and may not read pages', async ({ server }) => {
    const posted = await server.post('/api/v1/jobs/1/cancel', {}, { origin })
    expect(posted.headers).not.toHaveProperty('access-control-allow-origin')
    const page = await server.ask({ url: '/', headers: { origin } })
    expect(page.headers).not.toHaveProperty('access-control-allow-origin')
  })

  serverTest('may not read a farm that only its own machine can reach, unless CORS=true', async ({ server }) => {
    const headersWith = async (changes: object) => {
      const app = await server.open({ config: { ...server.config, host: '127.0.0.1', ...changes } })
      const { headers } = await app.inject({ url: '/api/v1/builds', headers: { origin, host: 'localhost' } })
      await app.close()
      return headers['access-control-allow-origin']
    }
    expect(await headersWith({})).toBe(undefined)
    expect(await headersWith({ cors: true })).toBe('*')
    expect(await headersWith({ publicUrl: 'http://localhost' })).toBe('*')
    expect(await headersWith({ publicUrl: 'http://localhost', cors: false })).toBe(undefined)
  })
})
