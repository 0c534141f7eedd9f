import { expect } from 'vitest'
import type { Offer } from '../src/index.ts'
import type { HistoryPage } from '../src/test-results/index.ts'
import { attemptOf, commitOf, crcOf, farmTest, type HostHandle, project, type TestFarm } from './farm-test.ts'

const limits = { ...project().limits, logBytes: 1_000_000, artifactBytes: 60_000_000 }
const results = [{ files: 'reports/*.xml' }, { files: 't/*.tap', format: 'tap' as const }]
const withResults = project({ results, limits, confirm: 0 })

/** A file of JUnit XML: `a` passes, `b!` fails, `c?` is skipped. */
const junit = (...tests: string[]): string => {
  const cases = tests.map(test => {
    const name = test.replace(/[!?]$/, '')
    const child = test.endsWith('!') ? `<failure message="${name} is wrong"/>` : test.endsWith('?') ? '<skipped/>' : ''
    return `<testcase name="${name}" time="0.2">${child}</testcase>`
  })
  return `<testsuite name="s">${cases.join('')}</testsuite>`
}

/** Ends a job that uploads these files. */
async function end(
  farm: TestFarm,
  host: HostHandle,
  offer: Offer,
  files: Record<string, string>,
  { exits = [0, 0, 0], log = '' }: { exits?: number[]; log?: string } = {},
) {
  const held = { ...attemptOf(offer), hostId: host.id, lease: offer.lease }
  if (log !== '') await farm.say(host, offer, log)
  const artifacts = []
  for (const [name, text] of Object.entries(files)) {
    const bytes = Buffer.from(text)
    const checksum = crcOf(bytes)
    await farm.attempts.storeArtifact({ ...held, name, size: bytes.length, offset: 0, bytes, checksum })
    artifacts.push({ name, bytes: bytes.length, checksum })
  }
  const steps = exits.map((exit, index) => ({ exit, milliseconds: 5, logBytes: index === 0 ? 0 : log.length }))
  const finished = await farm.attempts.finish({
    ...held,
    reason: 'exit',
    steps,
    logBytes: log.length,
    checksum: crcOf(Buffer.from(log)),
    artifacts,
  })
  expect(finished.kind).toBe('finished')
  await farm.failures.examine(attemptOf(offer))
}

let claims = 0

/** Builds a commit on a host, with these tests. Returns the job. */
async function run(
  farm: TestFarm,
  host: HostHandle,
  letter: string,
  files: Record<string, string> = {},
  exits?: number[],
) {
  const buildId = await farm.build(commitOf(letter))
  const offer = (await host.claim(++claims)) as Offer
  await end(farm, host, offer, files, exits ? { exits } : {})
  farm.wait(60)
  return { buildId, offer, attempt: attemptOf(offer) }
}

const lines = async (farm: TestFarm, buildId: number) =>
  (await farm.testResults.ofBuild(buildId)).tests.map(({ name, host, change, before }) =>
    [name, host, change, before?.outcome].filter(Boolean).join(' '),
  )

farmTest('the offer of a job names the files with results', async ({ farm }) => {
  await farm.configure({ ...withResults, artifacts: ['dist/*', 'reports/*.xml'] })
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  expect(((await vax.claim(1)) as Offer).uploads).toEqual(['dist/*', 'reports/*.xml', 't/*.tap'])
})

farmTest('the files of a job become its tests', async ({ farm }) => {
  await farm.configure(withResults)
  const vax = await farm.host('vax')
  const { attempt } = await run(
    farm,
    vax,
    'a',
    {
      'reports/one.xml': junit('a', 'b!', 'c?'),
      't/x.tap': '1..1\nok 1 - d # time=1500ms\n',
      'reports/two.xml': '<html/>',
    },
    [0, 0, 1],
  )
  const summary = await farm.testResults.summary(attempt)
  expect(summary).toMatchObject({ total: 4, complete: false, missing: false, notice: null })
  expect(summary?.counts).toMatchObject({ passed: 2, failed: 1, skipped: 1 })
  expect(summary?.runs.map(({ file, format, complete, notice }) => [file, format, complete, notice])).toEqual([
    ['reports/two.xml', 'junit', false, 'refused: the root element is "html", and not testsuites or testsuite'],
    ['reports/one.xml', 'junit', true, null],
    ['t/x.tap', 'tap', true, null],
  ])
  const tests = await farm.testResults.ofAttempt(attempt, { limit: 10 })
  expect(tests.map(({ suite, name, outcome }) => `${suite} ${name} ${outcome}`).sort()).toEqual([
    's a passed',
    's b failed',
    's c skipped',
    't/x.tap d passed',
  ])
  const [failed] = await farm.testResults.ofAttempt(attempt, { outcomes: ['failed', 'errored'], limit: 10 })
  expect(failed).toMatchObject({
    message: 'b is wrong',
    durationMs: 200,
    fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
  })
  const slowest = await farm.testResults.slowestOfAttempt(attempt, 2)
  expect(slowest.map(({ name, durationMs }) => [name, durationMs])[0]).toEqual(['d', 1500])
})

farmTest('a failed step stays failed although all its tests pass', async ({ farm }) => {
  await farm.configure(withResults)
  const vax = await farm.host('vax')
  const { attempt } = await run(farm, vax, 'a', { 'reports/a.xml': junit('a') }, [0, 0, 1])
  expect(await farm.verdicts()).toEqual(['failed'])
  expect((await farm.testResults.summary(attempt))?.counts).toMatchObject({ passed: 1, failed: 0 })
})

farmTest('a second examination changes nothing', async ({ farm }) => {
  await farm.configure(withResults)
  const vax = await farm.host('vax')
  const { attempt } = await run(farm, vax, 'a', { 'reports/a.xml': junit('a', 'b') })
  await Promise.all([farm.failures.examine(attempt), farm.failures.examine(attempt)])
  expect(await farm.testResults.ofAttempt(attempt, { limit: 10 })).toHaveLength(2)
})

farmTest('the tests of a log are those of the step that the recipe names', async ({ farm }) => {
  const pattern = { step: 'tests', pattern: '^(?<name>\\w+): (?<result>ok|failed)$' }
  await farm.configure(project({ results: [pattern], limits }))
  const vax = await farm.host('vax')
  await farm.build(commitOf('a'))
  const offer = (await vax.claim(1)) as Offer
  const log = 'a: failed\nb: ok\n'
  await farm.say(vax, offer, log)
  const held = { ...attemptOf(offer), hostId: vax.id, lease: offer.lease }
  const at = (logBytes: number) => ({ exit: 0, milliseconds: 1, logBytes })
  const steps = [at(0), at(10), at(log.length)] // the first line belongs to the step build
  await farm.attempts.finish({
    ...held,
    reason: 'exit',
    steps,
    logBytes: log.length,
    checksum: crcOf(Buffer.from(log)),
  })
  await farm.failures.examine(attemptOf(offer))
  const tests = await farm.testResults.ofAttempt(attemptOf(offer), { limit: 10 })
  expect(tests.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(['b passed'])
  expect((await farm.testResults.summary(attemptOf(offer)))?.runs[0]?.file).toBe('log of tests')
})

farmTest('a job that passes without tests, where it had some before, says so', async ({ farm }) => {
  await farm.configure(withResults)
  const vax = await farm.host('vax')
  const missing = async (job: Awaited<ReturnType<typeof run>>) => (await farm.testResults.summary(job.attempt))?.missing
  expect(await missing(await run(farm, vax, 'a')), 'there were none before').toBe(false)
  expect(await missing(await run(farm, vax, 'b', { 'reports/a.xml': junit('a') }))).toBe(false)
  expect(await missing(await run(farm, vax, 'c', {}, [0, 1])), 'a failed job needs no second reason').toBe(false)
  const job = await run(farm, vax, 'd')
  expect(await missing(job)).toBe(true)
  expect((await farm.testResults.ofBuild(job.buildId)).missing).toMatchObject([{ host: 'vax', arch: 'amd64' }])
  expect((await farm.testResults.summary(job.attempt))?.notice).toBe(
    'no file matches reports/*.xml\nno file matches t/*.tap',
  )
})

farmTest('the page of a build says what is newly failing, still failing and fixed', async ({ farm }) => {
  await farm.configure(withResults)
  const vax = await farm.host('vax')
  await run(farm, vax, 'a', { 'reports/a.xml': junit('good', 'breaks', 'old!', 'repaired!', 'gone!') })
  const second = await run(farm, vax, 'b', { 'reports/a.xml': junit('good', 'breaks!', 'old!', 'repaired', 'first!') })
  expect(await lines(farm, second.buildId)).toEqual([
    'breaks vax newly-failing passed',
    'first vax failing-first',
    'old vax still-failing failed',
    'repaired vax fixed failed',
  ])
  const third = await run(farm, vax, 'c', { 'reports/a.xml': junit('good', 'breaks!', 'old') })
  expect(await lines(farm, third.buildId)).toEqual(['breaks vax still-failing failed', 'old vax fixed failed'])
})

farmTest('the order of the commits counts, and not the order of the jobs', async ({ farm }) => {
  await farm.configure(withResults)
  const vax = await farm.host('vax')
  const newest = await run(farm, vax, 'c', { 'reports/a.xml': junit('x!') })
  const oldest = await run(farm, vax, 'a', { 'reports/a.xml': junit('x') })
  const commits = ['c', 'b', 'a'].map(commitOf)
  await farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits, complete: true })
  expect(await lines(farm, newest.buildId)).toEqual(['x vax newly-failing passed'])
  expect(await lines(farm, oldest.buildId)).toEqual([])
})

farmTest('a test that fails and passes in two attempts of a job is flaky', async ({ farm }) => {
  await farm.configure(withResults)
  const vax = await farm.host('vax')
  const { buildId, attempt } = await run(farm, vax, 'a', { 'reports/a.xml': junit('x!') }, [0, 0, 1])
  await farm.builds.retryJob(attempt.jobId)
  await end(farm, vax, (await vax.claim(++claims)) as Offer, { 'reports/a.xml': junit('x') })
  expect(await lines(farm, buildId)).toEqual(['x vax flaky'])
  const { flaky, failing } = await farm.testResults.ofProject('sample', {})
  expect(flaky).toMatchObject([{ name: 'x', host: 'vax', failures: 1, lastFailed: '1.1' }])
  expect(failing).toMatchObject([{ name: 'x', failures: 1, hosts: 1 }])
})

farmTest('the slowest tests of a project are those of its branches', async ({ farm }) => {
  await farm.configure({ ...withResults, tags: ['v*'] })
  const vax = await farm.host('vax')
  const run = async (name: string) => {
    const offer = (await vax.claim(++claims)) as Offer
    await end(farm, vax, offer, { 'reports/a.xml': junit(name) })
  }
  await farm.build(commitOf('a'))
  await run('of-a-branch')
  const pushed = await farm.push(commitOf('b'), { of: { kind: 'tag', tag: 'v1' } })
  if (pushed.kind !== 'built') throw new Error(pushed.kind)
  await farm.builds.markSourcesReady(pushed.buildId, { sources: [] })
  await run('of-a-tag')
  const { slowest } = await farm.testResults.ofProject('sample', {})
  expect(slowest.map(({ name }) => name)).toEqual(['of-a-branch'])
})

farmTest('one test is shown on all hosts', async ({ farm }) => {
  await farm.configure(withResults)
  const [vax, alpha] = [await farm.host('vax'), await farm.host('alpha')]
  for (const letter of ['a', 'b']) {
    await farm.build(commitOf(letter))
    for (const host of [vax, alpha]) {
      const offer = (await host.claim(++claims)) as Offer
      await end(farm, host, offer, { 'reports/a.xml': junit(host === vax && letter === 'b' ? 'x!' : 'x', 'y') })
    }
  }
  const { tests, slowest } = await farm.testResults.ofProject('sample', { search: 'X' })
  expect(tests).toMatchObject([{ suite: 's', name: 'x' }])
  expect(slowest.map(({ name, durationMs }) => [name, durationMs])).toEqual([
    ['x', 200],
    ['y', 200],
  ])
  const id = tests[0]?.id ?? 0
  const cellsOf = async (page: HistoryPage) => {
    const history = await farm.testResults.history('sample', id, page)
    expect(history).toMatchObject({ total: 2, failing: 1, more: false })
    return {
      cells: history?.cells.map(({ host, results: newest }) => [host, newest.map(({ outcome }) => outcome)]),
      next: history?.next,
    }
  }
  const [passing, failing] = [
    ['alpha', ['passed', 'passed']],
    ['vax', ['failed', 'passed']],
  ]
  const afterCell = (host: string) => ({ after: { host, arch: 'amd64', variant: 'default' } })
  expect(await cellsOf({ after: undefined, limit: 2 })).toEqual({ cells: [passing, failing], next: false })
  expect(await cellsOf({ after: undefined, limit: 1 })).toEqual({ cells: [passing], next: true })
  expect(await cellsOf({ ...afterCell('alpha'), limit: 1 })).toEqual({ cells: [failing], next: false })
  expect(await cellsOf({ ...afterCell('vax'), limit: 1 })).toEqual({ cells: [], next: false })
  expect(await cellsOf({ from: 0, limit: 1 }), 'failing cells first').toEqual({ cells: [failing], next: true })
  expect(await cellsOf({ from: 1, limit: 1 })).toEqual({ cells: [passing], next: false })
  expect(await farm.testResults.history('other', id, { from: 0, limit: 1 })).toBeUndefined()
})

farmTest('names and messages with any character can be stored', async ({ farm }) => {
  await farm.configure(withResults)
  const vax = await farm.host('vax')
  const text =
    '<testsuite name="s"><testcase name="\x00\x1b[31m&quot;{},\\&#x10FFFF;"><failure message="{&quot;,\\N NULL"/></testcase></testsuite>'
  const { attempt } = await run(farm, vax, 'a', { 'reports/a.xml': text }, [0, 0, 1])
  const [only] = await farm.testResults.ofAttempt(attempt, { limit: 10 })
  expect([only?.name, only?.message]).toEqual(['\uFFFD"{},\\\u{10FFFF}', '{",\\N NULL'])
})
