// The commands against a real server, in this process. test/start/command-line.test.ts runs the bundled program.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { serverTest, type TestHost, type TestServer } from '../../../server/src/server.fixture.ts'
import { cliOf } from '../cli.fixture.ts'

const built = async (server: TestServer, commit: string) => {
  const build = await server.build(commit)
  const { jobs = [] } = (await server.farm.builds.find(build)) ?? {}
  return { build, jobs }
}

/** Takes an attempt, sends its log, and ends it. */
async function finish(host: TestHost, attempt: string, log: string, options: Parameters<TestHost['end']>[1]) {
  const offer = await host.take(attempt)
  await host.say(offer, log)
  await host.end(offer, { ...options, log })
}

/** A farm with a passed build 1 and a failed build 2 on the host vax. */
async function scene(server: TestServer) {
  await server.configure({ confirm: 0, artifacts: ['*'] })
  const vax = await server.host('vax')
  const commits = [server.repository.git('rev-parse', 'HEAD'), server.repository.commit('Second')]
  const first = await built(server, commits[0] ?? '')
  await finish(vax, `${first.jobs[0]?.id}.1`, 'one\ntwo\n', {
    exits: [0, 0],
    artifacts: { 'dist/hello.txt': Buffer.from('hello\n') },
  })
  server.wait(60)
  const second = await built(server, commits[1] ?? '')
  await finish(vax, `${second.jobs[0]?.id}.1`, 'cc a.c\na.c:1: error: no x\n', { exits: [2] })
  const newestFirst = [...commits].reverse()
  await server.farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits: newestFirst, complete: true })
  return { vax, commits, ...(await cliOf(server)) }
}

serverTest('status, matrix, failures and lists show the farm, and exit with its verdict', async ({ server }) => {
  const { run, url, commits } = await scene(server)
  const [good = '', bad = ''] = commits.map(commit => commit.slice(0, 12))
  const status = await run('status')
  expect(status.lines[0]).toBe(`${url}: 1 host (1 online), 0 jobs waiting or running`)
  expect(status.lines.slice(1, 3)).toEqual([
    'PROJECT  BRANCH  PASSED  FAILED  NEW  KNOWN  NO RESULT  ACTIVE',
    'sample   main    0       1       1    0      0          0',
  ])
  expect(status.out).toContain(`FAIL  sample main: build fails since ${bad} (2024-05-06), on 1 host: vax`)
  expect([status.exit, (await run('status --project sample')).exit]).toEqual([1, 1])
  expect((await run('status --json')).json()).toMatchObject({ url, hosts: { online: 1 }, projects: [{ failed: 1 }] })

  const matrix = await run('matrix')
  expect(matrix.exit).toBe(1)
  expect(matrix.lines.slice(0, 5)).toEqual(['sample main', '', 'HOST  amd64', 'vax   FAIL', ''])
  expect((await run('matrix', { columns: 80 })).out).toContain('\u001b[1;97;41mFAIL\u001b[0m')
  expect((await run('matrix', { columns: 80, env: { NO_COLOR: '1' } })).out).toBe(matrix.out)
  expect((await run('matrix --arch mips')).exit).toBe(3)
  expect((await run('matrix --json')).json<{ cells: object[] }>().cells).toHaveLength(1)

  expect((await run('failures')).out).toMatch(/^FAIL {2}sample main: build fails since/)
  expect((await run('failures 2')).exit).toBe(1)
  expect(await run('failures 1')).toMatchObject({ exit: 0, out: 'no failures\n' })

  const builds = await run('builds')
  expect(builds.lines.map(line => line.replace(/ {2,}/g, '|'))).toEqual([
    'BUILD|PROJECT|COMMIT|BRANCH|CREATED|JOBS|SUBJECT',
    `2|sample|${bad}|main|0 s ago|1 failed|First`,
    `1|sample|${good}|main|1 min ago|1 passed|First`,
  ])
  expect((await run('builds sample --limit 1 --json')).json<{ items: object[] }>().items).toHaveLength(1)
  expect((await run('projects')).out).toContain('sample   main release/*  default')
  expect((await run('queue')).out).toBe('no job waits or runs\n')
  expect((await run('deliveries')).out).toBe('no webhook has arrived\n')
  expect((await run('hosts')).lines[1]).toMatch(/^vax +online +\d+ (s|min) ago +1 +NetBSD .*amd64$/)
})

serverTest('build and job show their jobs and steps, and exit with their verdict', async ({ server }) => {
  const { run } = await scene(server)
  const [passed, failed] = [await run('build 1'), await run('build 2')]
  expect([passed.exit, failed.exit]).toEqual([0, 1])
  expect(failed.lines[0]).toMatch(/^Build 2: sample at [0-9a-f]{12} \(main\) First$/)
  expect(failed.lines[1]).toBe('created 2024-05-06 07:09 UTC · Ada · 1 failed')
  expect(failed.lines[4]).toMatch(/^2 +vax +amd64 +default +failed +0 s +build$/)
  expect((await run('build 1 --failed')).json).toBeDefined()
  expect((await run('build 1 --failed --json')).json()).toMatchObject({ id: 1, jobs: [] })
  expect((await run('job 1')).exit).toBe(0)
  const job = await run('job 2')
  expect([job.exit, job.out]).toEqual([1, expect.stringContaining('build  exit 2  0 s')])
  expect(await run('build 9')).toMatchObject({ exit: 3, notes: 'rumpfarm: there is no build 9\n', out: '' })
  expect((await run('compare 1 2')).out).toContain('after   attempt 2.1: failed, vax amd64 at ')
  expect((await run('compare 2')).exit).toBe(1)
  expect((await run('compare 2 1')).exit).toBe(0)
  expect((await run('compare 1 2 --builds')).lines[1]).toMatch(/^vax amd64 +passed +failed +build$/)
  expect((await run('compare 1 x')).exit).toBe(2)
})

serverTest('log prints bytes, a step, the last lines, or follows a running job', async ({ server }) => {
  const { run, vax } = await scene(server)
  expect((await run('log 1')).out).toBe('one\ntwo\n')
  expect((await run('log 1 --tail 1')).out).toBe('two\n')
  expect((await run('log 1 --tail 0')).out).toBe('')
  expect((await run('log 1 --tail 5')).out).toBe('one\ntwo\n')
  expect((await run('log 2 --step build --attempt 1')).out).toBe('cc a.c\na.c:1: error: no x\n')
  expect((await run('log 2 -f')).exit).toBe(1)
  expect((await run('log 1 --json')).lines).toEqual(['{"text":"one"}', '{"text":"two"}'])
  expect((await run('log 2 --step tests')).notes).toBe(
    'rumpfarm: attempt 2.1 has not run the step "tests"; it has run build\n',
  )
  expect(await run('log 2 --step test')).toMatchObject({
    exit: 2,
    notes: expect.stringMatching(
      /^rumpfarm: the recipe has no step "test"; it has build, tests\nusage: rumpfarm log JOB/,
    ),
  })
  expect((await run('log 2 --attempt 7')).exit).toBe(3)

  const { jobs } = await built(server, server.repository.commit('Third'))
  const offer = await vax.take(`${jobs[0]?.id}.1`)
  await vax.say(offer, 'first\n')
  let following: ReturnType<typeof run> | undefined
  await new Promise<void>(resolve => {
    following = run(`log ${jobs[0]?.id} --follow`, { onOutput: resolve })
  })
  await vax.say(offer, '\u001b[31msecond\u001b[0m\n', 6)
  await vax.end(offer, { exits: [0, 0], log: 'first\n\u001b[31msecond\u001b[0m\n' })
  expect(await following).toMatchObject({ exit: 0, out: 'first\n\u001b[31msecond\u001b[0m\n' })
})

serverTest('trigger starts a build, watch follows it, and cancel and retry change it', async ({ server }) => {
  const { run, url, vax } = await scene(server)
  const commit = server.repository.git('rev-parse', 'HEAD').slice(0, 12)
  const existing = await run('trigger sample main')
  expect(existing.lines).toEqual([
    `build 2: sample at ${commit} (already built with this recipe; --again builds it again, rumpfarm retry 2 runs its jobs again)`,
    `${url}/builds/2`,
  ])
  expect((await run('trigger sample HEAD --json')).json()).toMatchObject({ id: 2, created: false })
  expect((await run('trigger smaple')).notes).toMatch(/^rumpfarm: there is no project smaple.*sample/)
  expect(await run('trigger sample main --wait')).toMatchObject({ exit: 1 })
  expect((await run('trigger sample main --again --host v* --arch amd64 --arch none')).exit).toBe(0)
  const { jobs } = await built(server, server.repository.commit('Third'))
  const id = jobs[0]?.id
  const build = (await run(`job ${id} --json`)).json<{ buildId: number }>().buildId
  await vax.end(await vax.take(`${id}.1`), { exits: [0, 0] })
  const end = `Build ${build} passed: 1 passed`
  const watched = await run(`watch ${build}`)
  expect(watched.exit).toBe(0)
  expect(watched.lines.slice(1)).toEqual([`passed vax amd64 (job ${id})`, end])
  const inTerminal = await run(`watch ${build}`, { columns: 80, env: { NO_COLOR: '1' } })
  expect(inTerminal.lines.at(-1)).toBe(`\u001b[0J${end}`)
  expect((await run(`watch ${build} --json`)).lines.map(line => JSON.parse(line).verdict)).toEqual(['passed'])

  expect((await run(`retry --job ${id}`)).out).toBe(`Attempt ${id}.2 waits for its host.\n`)
  expect(await run(`cancel --job ${id}`)).toMatchObject({ exit: 0, out: `1 attempt of job ${id} cancelled.\n` })
  expect((await run(`cancel ${build}`)).out).toBe(`Nothing to cancel: build ${build} has ended.\n`)
  expect((await run(`build ${build}`)).exit).toBe(3)
  expect((await run('retry 2 --failed --dry-run')).lines).toEqual(['1 job would run again: vax (1)'])
  expect((await run('retry 2 --failed')).lines).toEqual(['1 job runs again: vax (1)'])
  expect(await run('retry 2')).toMatchObject({ exit: 3, out: 'No job runs again.\nNot finished yet: 1 job.\n' })
  await vax.end(await vax.take('2.2'), { exits: [0, 0] })
  expect(await run('retry 2 --failed --wait')).toMatchObject({ exit: 3, out: 'No job runs again.\n' })
  expect((await run('retry 2 --json')).json()).toMatchObject({ jobs: 1, attempts: ['2.3'] })
  expect(await run('retry --lost --project sample')).toMatchObject({ exit: 3, out: 'No job runs again.\n' })
  const wrong = [
    'retry',
    'retry 2 --failed --lost',
    'retry --job 1 --failed',
    'retry 2 --project x',
    'retry --lost --wait',
  ]
  for (const words of wrong) expect([words, (await run(words)).exit]).toEqual([words, 2])
  expect((await run('cancel')).notes).toMatch(
    /^rumpfarm: BUILD is missing\nusage: rumpfarm cancel \[BUILD\] \[--job JOB\]/,
  )
  expect((await run('cancel 1 --job 1')).exit).toBe(2)
})

serverTest('artifact get checks the file and replaces none; export prints whole lists', async ({ server }) => {
  const { run } = await scene(server)
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-artifact-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const get = (words = '') => run(`artifact get 1 dist/hello.txt ${words}`, { directory })
  expect((await run('artifact list 1')).lines[1]).toMatch(/^6 B +[0-9a-f]{64} +dist\/hello.txt$/)
  expect((await run('artifact list 2')).out).toBe('no artifacts\n')
  expect((await get()).exit).toBe(0)
  expect(readFileSync(join(directory, 'hello.txt'), 'utf8')).toBe('hello\n')
  expect(await get()).toMatchObject({ exit: 3, notes: expect.stringContaining('hello.txt exists; use --force') })
  writeFileSync(join(directory, 'hello.txt'), 'old')
  expect((await get('--force')).exit).toBe(0)
  expect((await get('-o -')).out).toBe('hello\n')
  expect((await get('-o b.txt --json')).json()).toMatchObject({ file: join(directory, 'b.txt'), bytes: 6 })
  expect(readdirSync(directory).sort()).toEqual(['b.txt', 'hello.txt'])
  expect((await run('artifact get 1 hello.txt')).notes).toMatch(/has no artifact "hello.txt"/)

  const lists = await run('export jobs --project sample')
  expect(lists.lines.map(line => JSON.parse(line).id)).toEqual([2, 1])
  expect((await run('export cells --project sample')).lines).toHaveLength(1)
  expect(await run('export cells')).toMatchObject({ exit: 2, out: '' })
  expect((await run('export hosts --project sample')).notes).toMatch(
    /^rumpfarm: the list hosts has no filter --project\n/,
  )
  expect((await run('export nothing')).exit).toBe(2)
})

serverTest('host pauses, resumes, invites, alerts and removes hosts', async ({ server }) => {
  const { run } = await scene(server)
  expect((await run('host pause vax')).exit).toBe(0)
  expect((await run('hosts')).lines[1]).toMatch(/^vax +paused/)
  expect((await run('host resume vax')).out).toBe('vax gets jobs again.\n')
  expect((await run('host show vax')).out).toMatch(/^vax\nstate +online\n/)
  expect((await run('host invite sun')).out).toMatch(/enroll rfi-.*\nRun this line once on sun, before .* UTC\./)
  expect((await run('host alert vax https://alerts.example/x')).out).toMatch(/^whsec_/)
  expect((await run('host alert vax off')).out).toBe('Alerts for vax are off.\n')
  expect((await run('host remove vax')).exit).toBe(0)
  expect((await run('hosts')).out).toBe('no hosts\n')
  expect(await run('host pause vax')).toMatchObject({ exit: 3, notes: expect.stringMatching(/no host vax/) })
})

serverTest('token lists tokens and revokes them; a token for builds cannot change hosts', async ({ server }) => {
  const { run } = await cliOf(server)
  for (let number = 10; number < 130; number++) await server.farm.access.createToken(`ci-${number}`, 'trigger')
  expect((await run('token revoke ci-10')).out).toBe(
    'The token ci-10 is permanently revoked, with its login links and browser sessions.\n',
  )
  const at = '2024-05-06T07:08:09.000Z'
  const { lines } = await run('token list')
  expect(lines).toHaveLength(121)
  expect(lines.slice(0, 3)).toEqual([
    `admin  admin  last used ${at}`,
    `ci-10  trigger  revoked ${at}`,
    'ci-100  trigger  last used never',
  ])
  const { token } = (await run('token create nightly --json')).json<{ token: string }>()
  expect(await run('host invite sun', { env: { RUMPFARM_TOKEN: token } })).toMatchObject({
    exit: 3,
    notes: expect.stringContaining('needs the scope admin'),
  })
  expect((await run('token list', { env: { RUMPFARM_TOKEN: 'rft-wrong' } })).notes).toBe(
    'rumpfarm: the farm refuses the token of RUMPFARM_TOKEN: it was revoked, or it belongs to another farm. If it was revoked, create another one: ./farm token create NAME\n',
  )
  expect((await run('token list', { env: { RUMPFARM_TOKEN: '' } })).notes).toMatch(
    /\nSet RUMPFARM_TOKEN to a token of the farm\n$/,
  )
  expect((await run('status', { env: { RUMPFARM_TOKEN: '' } })).exit).toBe(3) // reading needs no token
  expect((await run('admin')).out).toMatch(/^http:\S+\/login\/\S+\n$/)
  for (const words of ['token', 'token list x', 'token revoke', 'token create x --scope all'])
    expect([words, (await run(words)).exit]).toEqual([words, 2])
})

serverTest('acknowledge adds, lists and ends acknowledgements', async ({ server }) => {
  const { run } = await scene(server)
  const cell = 'acknowledge add sample main vax amd64 default'
  const why = "--note 'known bug' --owner ada --link https://bugs.example/1 --days 10"
  expect((await run(`${cell} ${why}`)).out).toBe(
    'Acknowledgement 1 is active until 2024-05-16. To end it earlier: rumpfarm acknowledge end 1\n',
  )
  expect((await run('acknowledge list sample')).lines).toEqual([
    '1  main vax amd64 default  until 2024-05-16  ada: known bug https://bugs.example/1',
  ])
  expect((await run('status')).exit).toBe(0) // somebody takes care of the only failure
  expect((await run('acknowledge end 1')).out).toBe('Acknowledgement 1 has ended. The failure counts again.\n')
  expect((await run('acknowledge list sample')).out).toBe('')
  expect((await run('acknowledge end 1')).notes).toMatch(/there is no acknowledgement 1/)
  expect((await run(`acknowledge add sample x ${why}`)).notes).toContain(
    '/body/fingerprint must be a fingerprint: 32 characters of 0-9 a-f',
  )
  for (const words of [cell, `acknowledge add sample main vax ${why}`, 'acknowledge end x', 'acknowledge list'])
    expect([words, (await run(words)).exit]).toEqual([words, 2])
})

serverTest('bisect shows the price, starts a bisection, and looks inside a merge', async ({ server }) => {
  await server.configure({ confirm: 0 })
  const vax = await server.host('vax')
  const commits = [server.repository.git('rev-parse', 'HEAD'), ...['Second', 'Third'].map(server.repository.commit)]
  for (const [commit = '', exits] of [
    [commits[0], [0, 0]],
    [commits[2], [1]],
  ] as const) {
    const { jobs } = await built(server, commit)
    await vax.end(await vax.take(`${jobs[0]?.id}.1`), { exits: [...exits] })
  }
  const newestFirst = [...commits].reverse()
  await server.farm.matrix.applyHistory({ project: 'sample', branch: 'main', commits: newestFirst, complete: true })
  const { run, url } = await cliOf(server)
  const [price = '', next] = (await run('bisect sample vax amd64 default --branch main')).lines
  expect(price).toMatch(/^(about \d+ probes, \d+ s on vax|price unknown: .*)$/)
  expect(next).toBe('Add --start to start the bisection.')
  expect(await server.farm.bisections.list({ limit: 10 })).toEqual([])
  expect((await run('bisect sample vax amd64 --start')).lines).toEqual([`bisection 1: ${price}`, `${url}/bisections/1`])
  expect((await run('bisect sample vax amd64 --start')).lines[0]).toBe('bisection 1 already searches this failure')
  expect((await run('bisect sample pdp amd64')).notes).toMatch(/pdp/)
  expect((await run('bisect --inside-merge 1')).notes).toContain('the answer of bisection 1 is not a merge')
  for (const words of ['bisect', 'bisect sample vax', 'bisect sample vax amd64 default x', 'bisect --inside-merge x'])
    expect([words, (await run(words)).exit]).toEqual([words, 2])
  await server.farm.bisections.storeRange(1, {
    kind: 'range',
    base: commits[0] ?? '',
    commits: [{ commit: commits[2] ?? '', author: 'Ada', subject: 'Merge', isMerge: true, files: [] }],
  })
  // The answer of a whole search is in the tests of packages/farm.
  await server.farm.bisections.cancel(1)
  await server.sql(`UPDATE "Bisection" SET "outcome" = 'confirmed', "low" = 0, "high" = 1 WHERE "id" = 1`)
  const inside = `bisection 2 looks inside the merge ${commits[2]?.slice(0, 12)}\n`
  expect((await run('bisect --inside-merge 1')).out).toBe(inside)
  expect((await run('bisect --inside-merge 1')).out).toBe(inside)
})

serverTest(
  'pull-requests lists and shows requests, and approve decides about the newest commit',
  async ({ server }) => {
    await server.configure({ pullRequests: { fromForks: 'approve', hosts: ['*'], build: 'merge' } })
    const commit = 'a'.repeat(40)
    const received = await server.farm.pullRequests.receive({
      ...{
        project: 'sample',
        action: 'opened',
        number: 7,
        title: 'Fix the parser',
        author: 'eve',
        fork: true,
        url: null,
      },
      ...{
        head: { ref: 'topic', commit, urls: [] },
        base: { branch: 'main' },
        headRef: 'refs/pull/7/head',
        mergeRef: null,
      },
    })
    const request = await server.farm.pullRequests.findToExamine(received.kind === 'recorded' ? received.id : 0)
    if (request) await server.farm.pullRequests.recordHead(request, { commit, fork: true })
    const { run } = await cliOf(server)
    const listed = await run('pull-requests sample --state waiting')
    expect(listed.lines[1]).toMatch(/^7 +open +needs approval +aaaaaaaaaaaa +main .* eve +Fix the parser$/)
    expect((await run('pull-requests sample 7')).out).toContain('open, by eve, from a fork, topic into main')
    expect((await run('approve sample 7 bbbbbbb')).exit).not.toBe(0)
    expect((await run('approve sample 7 xyz')).exit).toBe(2)
    expect((await run('approve sample 7 aaaaaaaaaaaa')).lines).toEqual([
      'Commit aaaaaaaaaaaa of pull request 7 of sample is approved: Fix the parser',
    ])
    expect((await run('approve sample 7 --refuse')).lines[0]).toContain('is refused')
    expect((await run('pull-requests sample 7 --json')).json()).toMatchObject({ approval: 'refused' })
  },
)

serverTest('retention shows what would expire, and deletes nothing', async ({ server }) => {
  const { run } = await scene(server)
  server.wait(100 * 86_400)
  expect((await run('retention')).lines.map(line => line.replace(/ {2,}/g, '|'))).toEqual([
    'PROJECT|LOGS|ARTIFACTS|BUILDS|NOT BEFORE',
    'sample|keeps all',
  ])
  const other = await run('retention sample --logs 90d --artifacts 90d --last 0')
  expect(other.lines[1]?.replace(/ {2,}/g, '|')).toMatch(/^sample\|\d \(\d+ B\)\|\d \(\d B\)\|0 \(0 jobs\)/)
  expect(await run('retention sample --logs soon')).toMatchObject({
    exit: 3,
    notes: expect.stringContaining('/query/logs must be a time in days, weeks or years, such as'),
  })
  expect((await run('retention nosuch')).exit).toBe(3)
  expect((await run('log 1')).out).toBe('one\ntwo\n')
})

serverTest('retention shows all projects of a farm with more than one page of them', async ({ server }) => {
  const names = Array.from({ length: 201 }, (_, number) => `p${String(number).padStart(3, '0')}`)
  await server.configure(...names.map(name => ({ name })))
  const { run } = await cliOf(server)
  expect((await run('retention')).lines.slice(1).map(line => line.split(' ')[0])).toEqual(names)
})
