import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../../../server.fixture.ts'

const commit = 'a'.repeat(40)
const path = '/projects/sample/pull-requests/7'
const allowForks = '[{"verb": "allow-forks", "project": "*", "branches": []}]'

/** Signs an administrator in. Returns functions that read a page, and that send a form with the token of the session. */
async function signedIn(server: TestServer) {
  const { url } = (await server.post('/api/v1/login-links')).json()
  const used = await server.ask({ method: 'POST', url: new URL(url).pathname })
  const cookie = String(used.headers['set-cookie']).split(';')[0] ?? ''
  const read = async (url: string) => (await server.ask({ url, headers: { cookie } })).body
  const [, csrf = ''] = /name="_csrf" value="([^"]+)"/.exec(await read('/hosts/new')) ?? []
  const send = (url: string, fields: Record<string, string>) =>
    server.ask({
      method: 'POST',
      url,
      payload: new URLSearchParams({ _csrf: csrf, ...fields }).toString(),
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    })
  return { read, send }
}

async function receive(server: TestServer, fork = true) {
  await server.configure({ pullRequests: { fromForks: 'approve', hosts: ['*'], build: 'merge' } })
  const received = await server.farm.pullRequests.receive({
    project: 'sample',
    action: 'opened',
    number: 7,
    title: 'Fix <the> parser',
    author: 'eve',
    head: { ref: 'topic', commit, urls: [] },
    base: { branch: 'main' },
    fork,
    url: 'https://forge.example/sample/pull/7',
    headRef: 'refs/pull/7/head',
    mergeRef: null,
  })
  return examine(server, received.kind === 'recorded' ? received.id : 0, fork)
}

async function examine(server: TestServer, id: number, fork = true) {
  const request = await server.farm.pullRequests.findToExamine(id)
  if (!request) throw new Error('nothing to examine')
  await server.farm.pullRequests.recordHead(request, { commit, fork })
  return id
}

serverTest('a visitor sees what an approval means, and only an administrator gets the buttons', async ({ server }) => {
  await receive(server)
  const { body } = await server.ask(path)
  expect(body).toContain('Fix &lt;the> parser')
  expect(body).toContain('needs the approval of an administrator')
  expect(body).toContain('The approval is for this commit only.')
  expect(body).not.toContain('<button')
  const { read } = await signedIn(server)
  expect(await read(path)).toMatch(/Approve commit aaaaaaaaaaaa.*Refuse commit aaaaaaaaaaaa/s)
  expect(await read('/approvals')).toMatch(/href="[^"]*\/projects\/sample\/pull-requests\/7">sample #7/)
  expect((await server.ask('/projects/sample/pull-requests')).body).toContain('needs approval')
  expect((await server.ask('/projects/sample/pull-requests?state=merged')).body).toContain(
    'No pull request was merged.',
  )
  expect((await server.ask('/projects/sample/pull-requests/8')).statusCode).toBe(404)
  expect((await server.ask('/projects/x/pull-requests')).statusCode).toBe(404)
})

serverTest('a build of a fork without a host says what the owner of a host can do', async ({ server }) => {
  await server.host('vax')
  const id = await receive(server)
  const { send } = await signedIn(server)
  const approved = await send(`${path}/approve`, { commit })
  expect([approved.statusCode, approved.headers.location]).toEqual([303, path])
  await examine(server, id)
  const page = (await server.ask(path)).body
  expect(page).toContain('The owner of a host allows it with the line &quot;allow forks&quot; in host.conf.')
  expect((await server.ask('/builds/1')).body).toMatch(/Pull request 7<.*from a fork.*No host runs code from forks/s)

  // The owner allows forks, and an administrator builds the commit again.
  await server.sql(`UPDATE "Host" SET "rules" = '${allowForks}'`)
  expect((await send('/builds/1/again', {})).headers.location).toBe('/builds/2')
  expect(await server.farm.builds.find(2)).toMatchObject({ kind: 'pull-request', fork: true, jobs: [{ host: 'vax' }] })
  expect((await server.ask(path)).body).toContain('/builds/2')
  const late = await send(`${path}/approve`, { commit: 'b'.repeat(40) })
  expect(late.statusCode).toBe(404)
})

serverTest(
  'the page of a request shows the cells that it would break, and those that failed already',
  async ({ server }) => {
    const vax = await server.host('vax', ['amd64', 'mips'])
    await server.configure()
    await server.build()
    await vax.end(await vax.take('1.1'))
    await vax.end(await vax.take('2.1'), { exits: [2] })
    await receive(server, false)
    await server.farm.builds.markSourcesReady(2, {
      sources: [
        {
          name: 'sample',
          repository: '/srv/sample',
          commit: 'c'.repeat(40),
          path: null,
          leaveOut: [],
          bytes: 1,
          crc: '1',
          sha256: '',
          md5: '',
          merged: { head: commit, base: server.repository.git('rev-parse', 'HEAD'), by: 'farm' },
        },
      ],
    })
    await vax.end(await vax.take('3.1'), { exits: [2] })
    await vax.end(await vax.take('4.1'), { exits: [2] })
    const page = (await server.ask(path)).body
    expect(page).toContain('Would break 1 cell')
    expect(page).toMatch(/Failed already: 1 cell/)
    expect(page).toContain('The farm made the merge.')
    expect((await server.ask('/')).body).not.toContain(commit)
  },
)

serverTest('a request that conflicts says so everywhere, and nothing looks lost', async ({ server }) => {
  await server.host('vax')
  await receive(server, false)
  const problem = 'pull request 7 conflicts with main in a.c: merge main into the pull request and push'
  await server.farm.builds.markSourcesFailed(1, problem, { conflictsWith: 'main' })
  const conflict = 'conflicts with main; nothing was built.'
  const build = (await server.ask('/builds/1')).body
  expect(build).toContain('<p class="lead">Fix &lt;the> parser</p>')
  const request = (await server.ask(path)).body
  for (const page of [build, request]) {
    expect(page).toContain(conflict)
    expect(page).toContain(problem)
    expect(page).not.toMatch(/grid-frame|mark lost|broken</)
  }
  expect((await server.ask('/projects/sample/pull-requests')).body).toContain('conflicts with main')
  const { items } = (await server.ask('/api/v1/builds')).json()
  expect(items).toMatchObject([{ subject: 'Fix <the> parser', author: 'eve', conflictsWith: 'main', problem }])
  expect((await server.ask('/api/v1/jobs')).json().items).toMatchObject([{ verdict: 'broken', reason: 'conflict' }])
  expect((await server.ask('/api/v1/projects/sample/pull-requests/7')).json()).toMatchObject({ conflict: true })

  await server.farm.builds.reopenSources(1)
  expect(await server.farm.builds.find(1)).toMatchObject({ conflictsWith: null, jobs: [{ state: 'waiting' }] })
})
