import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { serverTest } from '../server.fixture.ts'

test('only security-headers.ts sets a header that protects browsers', () => {
  const directory = new URL('../', import.meta.url)
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const setting = files
    .filter(file => /(?<!\.test)\.tsx?$/.test(file))
    .filter(file =>
      /content-security-policy|x-content-type-options|referrer-policy|cross-origin-(resource|opener)-policy/i.test(
        readFileSync(new URL(file, directory), 'utf8'),
      ),
    )
  expect(setting).toEqual(['http/security-headers.ts'])
})

serverTest(
  'every answer, also an error, forbids browsers to guess its type, to run it or to show it in a frame',
  async ({ server }) => {
    const pages = ['/', '/nothing', '/hosts/%', '/login/x', '/api/v1/docs']
    const others = ['/api/v1/builds', '/api/nothing', '/api/%', '/api/v1/matrix?format=csv', '/healthz', '/agent.sh']
    for (const url of [...pages, ...others, '/webhooks/x', '/robots.txt', '/favicon.ico', '/agent/nothing']) {
      const { headers } = await server.ask(url)
      expect([url, headers['x-content-type-options']]).toEqual([url, 'nosniff'])
      expect([url, headers['content-security-policy']]).toEqual([
        url,
        expect.stringMatching(/^default-src 'none'.*frame-ancestors 'none'/),
      ])
      const isPublic = /^\/api\/(v1\/(builds|matrix)|nothing)/.test(url)
      const policy = isPublic ? 'cross-origin' : 'same-origin'
      expect([url, headers['cross-origin-resource-policy']]).toEqual([url, policy])
      expect([url, headers['referrer-policy']]).toEqual([url, url === '/login/x' ? 'no-referrer' : 'same-origin'])
    }
    const { headers } = await server.ask({ url: '/builds', headers: { host: 'a:b' } })
    expect(headers['x-content-type-options']).toBe('nosniff')
  },
)
