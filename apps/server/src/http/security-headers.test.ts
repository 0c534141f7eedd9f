import { expect } from 'vitest'
import { serverTest } from '../server.fixture.ts'

serverTest('no answer is guessed at, framed or run by a browser, errors included', async ({ server }) => {
  const pages = ['/', '/nothing', '/hosts/%', '/login/x', '/api/v1/docs']
  const others = ['/api/v1/builds', '/api/nothing', '/api/%', '/api/v1/matrix?format=csv', '/healthz', '/agent.sh']
  for (const url of [...pages, ...others, '/webhooks/x', '/robots.txt', '/favicon.ico', '/agent/nothing']) {
    const { headers } = await server.ask(url)
    expect([url, headers['x-content-type-options']]).toEqual([url, 'nosniff'])
    expect([url, headers['content-security-policy']]).toEqual([
      url,
      expect.stringMatching(/^default-src 'none'.*frame-ancestors 'none'/),
    ])
    expect([url, headers['cross-origin-resource-policy']]).toEqual([url, 'same-origin'])
    expect([url, headers['referrer-policy']]).toEqual([url, url === '/login/x' ? 'no-referrer' : 'same-origin'])
  }
  const { headers } = await server.ask({ url: '/builds', headers: { host: 'a:b' } })
  expect(headers['x-content-type-options']).toBe('nosniff')
})
