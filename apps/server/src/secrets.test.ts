import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { serverTest } from './server.fixture.ts'

const address = 'https://me:s3cret@forge.example/p?pat=s3cret'

// farm.yaml cannot contain this address, but the database of an older version can contain it.
serverTest('no page and no answer shows the secret in a repository address', async ({ server }) => {
  const source = { name: 'lib', repository: address, leaveOut: [] }
  await server.configure({ repository: address, sources: [source] })
  await server.host('vax')
  const commit = 'a'.repeat(40)
  const of = { kind: 'branch', branch: 'main' } as const
  await server.farm.builds.request({ project: 'sample', commit, of, cause: 'push', source: 'test', deliveryId: '1' })
  const sums = { key: 'k', commit, path: null, leaveOut: [], bytes: 1, crc: '1', sha256: '', md5: '' }
  await server.farm.builds.markSourcesReady(1, { sources: [{ ...source, ...sums }], subject: 'First', author: 'Ada' })

  for (const url of [
    '/projects/sample',
    '/builds/1',
    '/jobs/1',
    '/api/v1/projects',
    '/api/v1/builds/1',
    '/api/v1/jobs/1',
  ]) {
    const answer = await server.ask(url)
    expect([url, answer.statusCode]).toEqual([url, 200])
    expect(answer.body).toContain('https://***@forge.example/p')
    expect(answer.body).not.toContain('s3cret')
  }

  const payload = JSON.stringify({ ref: 'refs/heads/main', after: commit, repository: { clone_url: `${address}x` } })
  const signature = createHmac('sha256', server.config.secrets.githubWebhooks[0]).update(payload).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': '2' }
  const refused = await server.ask({
    method: 'POST',
    url: '/webhooks/github',
    payload,
    headers: { ...headers, 'x-hub-signature-256': `sha256=${signature}` },
  })
  expect(refused.body).not.toContain('s3cret')
})
