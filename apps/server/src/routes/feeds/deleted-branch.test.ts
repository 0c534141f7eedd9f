import { expect } from 'vitest'
import { serverTest } from '../../server.fixture.ts'

serverTest(
  'each page and feed of a deleted branch says when it was deleted, and links to its history',
  async ({ server }) => {
    await server.configure()
    const vax = await server.host('vax')
    await server.build()
    await vax.end(await vax.take('1.1'))
    await server.farm.branches.remove('sample', 'main')
    server.wait(60)
    const text = 'branch main of sample was deleted in its repository (2024-05-06 07:08 UTC)'
    const history = '/projects/sample/commits?branch=main'

    for (const url of [
      '/feeds/projects/sample.atom?branch=main',
      '/cctray.xml?project=sample&branch=main',
      '/api/v1/matrix?project=sample&branch=main',
      '/api/v1/matrix?branch=main',
      '/api/v1/matrix/boxes/vax/amd64?branch=main',
      '/api/v1/matrix/news?project=sample&branch=main',
    ]) {
      const answer = await server.ask(url)
      expect([url, answer.statusCode, answer.json()]).toMatchObject([
        url,
        410,
        {
          type: 'urn:rumpfarm:problem:deleted-branch',
          detail: `${text}; its history stays at ${history}`,
          deletedAt: expect.stringMatching(/^2024-05-06T07:08/),
          history,
        },
      ])
    }
    for (const url of ['/?project=sample&branch=main', '/embed/matrix?branch=main', '/cells/vax/amd64?branch=main']) {
      const { statusCode, body } = await server.ask({ url, headers: { accept: 'text/html' } })
      expect([url, statusCode]).toEqual([url, 410])
      expect(body).toContain('was deleted')
      expect(body).toContain(`href="${history}"`)
    }
    const badge = await server.ask('/badges/projects/sample.json?branch=main')
    expect(badge.json()).toMatchObject({ message: 'branch deleted 2024-05-06', isError: true })
    expect((await server.ask('/matrix.svg?branch=main')).body).toContain('was deleted in its repository')

    for (const url of [
      history,
      '/projects/sample/last-good?branch=main',
      '/projects/sample/cells/vax/amd64/default?branch=main',
    ])
      expect((await server.ask(url)).body).toContain('Branch main was deleted in its repository')
    const cell = await server.ask('/api/v1/projects/sample/cells/vax/amd64/default?branch=main')
    expect(cell.json()).toMatchObject({ branchDeletedAt: expect.any(String) })
    const table = await server.ask('/api/v1/projects/sample/commit-table?branch=main')
    expect(table.json()).toMatchObject({ branchDeletedAt: expect.any(String), items: [{}] })
    expect((await server.ask('/badges/projects/sample.json?branch=x')).json()).toMatchObject({
      message: 'branch not found',
    })
  },
)
