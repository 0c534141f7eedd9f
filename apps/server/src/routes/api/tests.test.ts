import { expect } from 'vitest'
import { serverTest, type TestServer } from '../../server.fixture.ts'

const junit = (outcome: string) =>
  Buffer.from(
    `<testsuite name="io"><testcase name="=reads, &quot;fast&quot;" time="0.5"/><testcase name="writes">${outcome}</testcase></testsuite>`,
  )
const failure = '<failure message="got &lt;b>0&lt;/b>">line one\nline two</failure>'

/** Two builds: `writes` passes in the first and fails in the second. */
async function twoBuilds(server: TestServer) {
  await server.configure({ results: [{ files: 'r.xml' }], confirm: 0 })
  const vax = await server.host('vax')
  await server.build()
  await vax.end(await vax.take('1.1'), { artifacts: { 'r.xml': junit('') } })
  await server.farm.failures.examine({ jobId: 1, number: 1 })
  await server.build(server.repository.commit('Second'))
  await vax.end(await vax.take('2.1'), { exits: [0, 1], artifacts: { 'r.xml': junit(failure) } })
  await server.farm.failures.examine({ jobId: 2, number: 1 })
}

serverTest('the API has the tests of a job, a build and a project, and one test', async ({ server }) => {
  await twoBuilds(server)
  const json = async (url: string) => (await server.ask(url)).json()
  const job = await json('/api/v1/jobs/2/tests')
  expect(job).toMatchObject({
    attempt: '2.1',
    summary: { total: 2, complete: true, missing: false, counts: { passed: 1, failed: 1 }, files: [{ file: 'r.xml' }] },
    items: [
      { suite: 'io', name: '=reads, "fast"', outcome: 'passed', durationMs: 500 },
      { suite: 'io', name: 'writes', outcome: 'failed', message: 'got <b>0</b>', excerpt: 'line one\nline two' },
    ],
    next: null,
  })
  expect(await json('/api/v1/jobs/1/attempts/1/tests?outcome=failed')).toMatchObject({ attempt: '1.1', items: [] })
  const first = await json('/api/v1/jobs/2/tests?limit=1')
  expect([first.items.length, (await json(first.next)).items[0].name]).toEqual([1, 'writes'])

  const build = await json('/api/v1/builds/2/tests')
  const before = { buildId: 1, attempt: '1.1', outcome: 'passed' }
  expect(build).toMatchObject({ items: [{ name: 'writes', change: 'newly-failing', host: 'vax', before }], total: 2 })

  const { testId } = build.items[0]
  const project = await json('/api/v1/projects/sample/tests?q=WRITE')
  expect(project).toMatchObject({ items: [{ id: testId, name: 'writes' }], failing: [{ failures: 1, hosts: 1 }] })
  expect(await json(`/api/v1/projects/sample/tests/${testId}`)).toMatchObject({
    name: 'writes',
    cells: [{ host: 'vax', arch: 'amd64', results: [{ outcome: 'failed' }, { outcome: 'passed' }] }],
    total: 1,
    failing: 1,
    next: null,
  })

  for (const url of [
    'jobs/9/tests',
    'jobs/1/attempts/2/tests',
    'builds/9/tests',
    'projects/x/tests',
    'projects/sample/tests/999',
  ])
    expect([url, (await server.ask(`/api/v1/${url}`)).statusCode]).toEqual([url, 404])
})

serverTest('the lists of tests are also CSV, and no spreadsheet runs a name as a formula', async ({ server }) => {
  await twoBuilds(server)
  const { items } = (await server.ask('/api/v1/builds/2/tests')).json()
  const { testId } = items[0]
  const csv = async (url: string) => {
    const answer = await server.ask(url)
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present')
    return answer.body.split('\r\n')
  }
  const job = await csv('/api/v1/jobs/2/tests?format=csv')
  expect(job.slice(0, 2)).toEqual([
    'testId,suite,name,outcome,tries,durationMs,message,file,line,fingerprint',
    expect.stringMatching(/^\d+,io,"'=reads, ""fast""",passed,1,500,,,,$/),
  ])
  expect((await csv('/api/v1/builds/2/tests?format=csv'))[1]).toMatch(/^\d+,io,writes,newly-failing,failed,vax,amd64,/)
  expect((await csv('/api/v1/projects/sample/tests?format=csv')).length).toBe(4)
  expect((await csv(`/api/v1/projects/sample/tests/${testId}?format=csv`))[1]).toMatch(
    /^vax,amd64,default,failed,1,,2\.1,2,/,
  )
})

serverTest('the pages of tests show the same, and escape what a test printed', async ({ server }) => {
  await twoBuilds(server)
  const page = async (url: string) => {
    const answer = await server.ask(url)
    expect([url, answer.statusCode]).toEqual([url, 200])
    expect(answer.body).not.toContain('<b>0</b>')
    return answer.body
  }
  expect(await page('/jobs/2/tests')).toMatch(/2 tests: 1 passed, 1 failed.*got &lt;b>0&lt;\/b>.*line one\nline two/s)
  expect(await page('/jobs/2/attempts/1/tests?show=passed')).toContain('=reads, &quot;fast&quot;')
  expect(await page('/jobs/2')).toContain('2 tests: 1 passed, 1 failed')
  expect(await page('/builds/2/tests')).toMatch(/2 tests in 1 job: 1 newly failing.*writes/s)
  expect(await page('/builds/2')).toContain('2 tests in 1 job: 1 failed')
  const project = await page('/projects/sample/tests')
  expect(project).toMatch(/failed often.*writes.*Slowest.*=reads/s)
  const path = /\/projects\/sample\/tests\/\d+/.exec(project)?.[0] ?? ''
  expect(await page(path)).toContain('Fails in 1 of 1 cell.')
  for (const url of [
    '/jobs/9/tests',
    '/jobs/1/attempts/2/tests',
    '/builds/9/tests',
    '/projects/x/tests',
    '/projects/sample/tests/999',
  ])
    expect([url, (await server.ask(url)).statusCode]).toEqual([url, 404])
})

serverTest(
  'a job that lost its tests says so on its page, on the page of its build and in the API',
  async ({ server }) => {
    await server.configure({ results: [{ files: 'r.xml' }] })
    const vax = await server.host('vax')
    await server.build()
    await vax.end(await vax.take('1.1'), { artifacts: { 'r.xml': junit('') } })
    await server.farm.failures.examine({ jobId: 1, number: 1 })
    await server.build(server.repository.commit('Second'))
    await vax.end(await vax.take('2.1'))
    await server.farm.failures.examine({ jobId: 2, number: 1 })
    for (const path of ['/jobs/2', '/jobs/2/tests', '/builds/2', '/builds/2/tests'])
      expect([path, (await server.ask(path)).body.includes('Tests missing')]).toEqual([path, true])
    expect((await server.ask('/api/v1/jobs/2/tests')).json().summary.missing).toBe(true)
    expect((await server.ask('/jobs/1')).body).not.toContain('Tests missing')

    const page = async (path: string) => (await server.ask(path)).body
    for (const path of ['/', '/?trouble=1', '/?status=tests-missing'])
      expect([path, await page(path)]).toEqual([path, expect.stringMatching(/<td class=tests-missing>.*no tests/)])
    expect(await page('/?view=detailed')).toContain('tests missing')
    expect(await page('/cells/vax/amd64')).toContain('tests missing: earlier jobs of this cell had tests')
    const cellPage = await page('/projects/sample/cells/vax/amd64/default')
    expect(cellPage).toMatch(/Tests missing:.*class="run tests-missing".*passed, tests missing/s)
    expect((await server.ask('/api/v1/matrix')).json().cells[0].last.testsMissing).toBe(true)
    const cell = (await server.ask('/api/v1/projects/sample/cells/vax/amd64/default')).json()
    expect([cell.last.testsMissing, cell.runs.map((run: { testsMissing: boolean }) => run.testsMissing)]).toEqual([
      true,
      [true, false],
    ])
    expect((await server.ask('/api/v1/projects/sample/cells')).json().items[0].last.testsMissing).toBe(true)

    await server.build(server.repository.commit('Third'))
    await vax.end(await vax.take('3.1'), { artifacts: { 'r.xml': junit('') } })
    expect(await page('/')).not.toContain('tests-missing>')
  },
)
