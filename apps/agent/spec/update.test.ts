import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'
import type { ScriptedFarm } from './support/farm.ts'
import { bundle, type Host } from './support/host.ts'
import { releaseOf } from './support/release.ts'

const text = bundle()
const current = releaseOf(text).version

/** The agent with another version number and a changed text. */
const anAgent = (version: string, change: (text: string) => string = same => same) =>
  change(text).replace(/^AGENT_VERSION=.*$/m, `AGENT_VERSION=${version}`)

/** Adds a command that the new version runs when it starts as the agent, but not in its self-test. */
const onRun = (what: string) => (text: string) => text.replace(/^run_agent\(\) \{$/m, () => `run_agent() {\n${what}`)

const told = (farm: ScriptedFarm, key: string) =>
  farm.seen
    .filter(seen => seen.kind === 'hello')
    .map(seen => new RegExp(`^${key} (.*)$`, 'm').exec(seen.body.toString())?.[1])

const toldLast = (farm: ScriptedFarm, key: string) => told(farm, key).at(-1)

/** Stops the agent and starts it again, so that the answer to its hello has the offer. */
const restart = async (host: Host) => {
  const since = Date.now()
  host.signal('TERM')
  await host.line(/^agent-[0-9]+ exit/, 15_000, since)
  await host.start()
}

const updated = (farm: ScriptedFarm, version: string) =>
  farm.until(`a claim of ${version}`, () => farm.version === version && farm.seen.at(-1)?.kind === 'claim', 40_000)

const theFailure = (farm: ScriptedFarm) =>
  farm.until('the update to fail', () => toldLast(farm, 'update_failed') !== undefined, 40_000)

agentTest(
  'the agent replaces itself with the version that the farm offers, in the same process',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    const next = anAgent('9.0.0+1')
    farm.release = releaseOf(next)
    await restart(host)
    const pid = host.agentPid
    await updated(farm, '9.0.0+1')

    expect(host.said()).toContain(`the farm offers agent 9.0.0+1; this is ${current}`)
    expect(host.said()).toContain('updated to 9.0.0+1')
    expect(host.read('agent.sh')).toBe(next.replace('@FARM_URL@', farm.url))
    expect(host.read('agent.sh.old')).toBe(text.replace('@FARM_URL@', farm.url))
    expect(host.files().filter(name => /^(update|trial|agent.sh.new)/.test(name))).toEqual([])
    expect(await host.alive('agent.sh run')).toHaveLength(1)
    const attempt = farm.queue({ steps: { one: 'echo one' } })
    await farm.finished(attempt)
    expect(farm.count('agent')).toBe(1)

    host.signal('TERM', pid)
    await host.line(/^agent-2 exit 0$/)
  },
)

agentTest('the new version gets the command-line options of the old one', async ({ farm, host, enrolled }) => {
  await enrolled()
  host.signal('TERM')
  await host.line(/^agent-1 exit/)
  farm.release = releaseOf(anAgent('9.0.0+1'))
  const saved = host.read('farm')
  writeFileSync(join(host.dir, 'farm'), saved.replace(farm.url, 'http://127.0.0.1:1'))
  await host.start(`${host.dir}/agent.sh --url ${farm.url} run`)
  await updated(farm, '9.0.0+1')
})

agentTest('an update waits until the job has ended', async ({ farm, host, enrolled }) => {
  farm.next = 100
  await enrolled()
  const attempt = farm.queue({
    steps: { wait: `echo up; until [ -f ${host.folder}/go ]; do sleep 0.1; done; echo down` },
  })
  await farm.logged(attempt, 'up')
  farm.release = releaseOf(anAgent('9.0.0+1'))
  host.signal('KILL')
  await host.line(/^agent-1 exit/)
  const heard = farm.count('progress')
  await host.start()
  await farm.until('progress of the resumed job', () => farm.count('progress') > heard + 5)
  expect(farm.count('agent')).toBe(0)

  writeFileSync(join(host.folder, 'go'), '')
  await farm.finished(attempt)
  await updated(farm, '9.0.0+1')
  expect(attempt.log.toString()).toBe('up\ndown\n')
  expect(attempt.finishes).toMatchObject([{ reason: 'exit' }])
})

const badReleases: [string, (farm: ScriptedFarm) => void, RegExp][] = [
  [
    'whose bytes differ from the offer',
    farm => farm.release?.served.write('#', 1000),
    /the download has [0-9]+ bytes and checksum/,
  ],
  [
    'whose length differs from the offer',
    farm => {
      if (farm.release) farm.release = { ...farm.release, line: farm.release.line.replace(/ [0-9]+ /, ' 1234 ') }
    },
    /the download has [0-9]+ bytes and checksum/,
  ],
  [
    'whose download is cut',
    farm => {
      if (farm.release) farm.release.served = farm.release.served.subarray(0, 20_000)
    },
    /the download (has|failed)/,
  ],
  [
    'without a checksum that the host can compute',
    farm => {
      if (farm.release) farm.release.line = `${farm.release.version} ${farm.release.served.length} none`
    },
    /the download has [0-9]+ bytes and checksum/,
  ],
  [
    'that the farm no longer has',
    farm => {
      const served = Buffer.from('err 404 no agent here\nend\n')
      if (farm.release) farm.release = { ...farm.release, served, announced: served.length }
    },
    /the download has 26 bytes/,
  ],
]
for (const [what, corrupt, words] of badReleases) {
  agentTest(`the agent rejects an update ${what}, and sends the reason`, async ({ farm, host, enrolled }) => {
    await enrolled()
    farm.release = releaseOf(anAgent('9.0.0+1'))
    corrupt(farm)
    await restart(host)
    await theFailure(farm)

    expect(toldLast(farm, 'update_failed')).toMatch(words)
    expect(toldLast(farm, 'update_failed')).toMatch(/^9\.0\.0\+1 /)
    expect(toldLast(farm, 'version')).toBe(current)
    expect(host.read('agent.sh')).toBe(text.replace('@FARM_URL@', farm.url))
    const attempt = farm.queue({ steps: { one: 'echo one' } })
    await farm.finished(attempt)
    // The network may be the cause: the next start tries again.
    farm.release = releaseOf(anAgent('9.0.0+1'))
    farm.clearFaults()
    await restart(host)
    await updated(farm, '9.0.0+1')
  })
}

const broken: [string, string, RegExp][] = [
  ['with a syntax error', anAgent('9.0.0+1', text => `${text}\nfi\n`), /finds a syntax error in it/],
  [
    'whose self-test fails',
    anAgent('9.0.0+1', text => text.replace(/^choose_tools\(\) \{$/m, 'choose_tools() {\ndie "no tools at all"')),
    /its self-test failed: rumpfarm: no tools at all/,
  ],
  [
    'whose hello the farm rejects',
    anAgent('9.0.0+1', text => text.replace('put_line "slots $SLOTS"', "put_line 'slots'")),
    /its self-test failed: rumpfarm: the farm rejected hello/,
  ],
]
for (const [what, next, words] of broken) {
  agentTest(`the agent rejects a version ${what}, and does not try it again`, async ({ farm, host, enrolled }) => {
    await enrolled()
    farm.release = releaseOf(next)
    await restart(host)
    await theFailure(farm)
    expect(toldLast(farm, 'update_failed')).toMatch(words)
    expect(toldLast(farm, 'version')).toBe(current)
    await farm.until('a claim', () => farm.seen.at(-1)?.kind === 'claim')

    await restart(host)
    await farm.until('a claim', () => farm.seen.at(-1)?.kind === 'claim')
    expect(toldLast(farm, 'update_failed')).toMatch(words)
    expect(farm.count('agent')).toBe(1)
    farm.violations.length = 0 // the self-test caused these violations

    farm.release = releaseOf(anAgent('9.0.0+2'))
    await restart(host)
    await updated(farm, '9.0.0+2')
    expect(toldLast(farm, 'update_failed')).toBeUndefined()
  })
}

agentTest('if a self-test got no answer, the next start repeats it', async ({ farm, host, enrolled }) => {
  await enrolled()
  farm.release = releaseOf(anAgent('9.0.0+1'))
  host.signal('TERM')
  await host.line(/^agent-1 exit/)
  await host.start()
  await farm.until('the download', () => farm.count('agent') === 1)
  farm.injectFault('hello', { answer: 'err 503 not now\nretry 1\nend\n' }, 1)
  await theFailure(farm)
  await restart(host)
  await updated(farm, '9.0.0+1')
})

for (const [how, what] of [
  ['ends', 'die "broken after all"'],
  ['is killed', 'kill -s KILL "$$"'],
] as const) {
  agentTest(`if a new version ${how} before the farm answers it, the agent returns to the old version`, async all => {
    const { farm, host, enrolled } = all
    await enrolled()
    farm.release = releaseOf(anAgent('9.0.0+1', onRun(what)))
    await restart(host)
    if (how === 'is killed') {
      await host.line(/^agent-2 exit 137/)
      await host.start()
    }
    await farm.until('the report of the old agent', () => toldLast(farm, 'update_failed') !== undefined, 40_000)

    expect(toldLast(farm, 'update_failed')).toBe('9.0.0+1 it exited before the farm answered it')
    expect(toldLast(farm, 'version')).toBe(current)
    expect(host.read('agent.sh')).toBe(text.replace('@FARM_URL@', farm.url))
    const attempt = farm.queue({ steps: { one: 'echo one' } })
    await farm.finished(attempt)
    await restart(host)
    await farm.until('a claim', () => farm.seen.at(-1)?.kind === 'claim')
    expect(farm.count('agent')).toBe(1)
  })
}

agentTest('if the owner stops a new version before the farm answers it, the next start runs it again', async all => {
  const { farm, host, enrolled } = all
  await enrolled()
  farm.release = releaseOf(anAgent('9.0.0+1', onRun('say "the new one"')))
  await restart(host)
  await farm.until('the download', () => farm.count('agent') === 1)
  await farm.until('the self-test', () => toldLast(farm, 'version') === '9.0.0+1', 40_000)
  await farm.close()
  await host.line(/the new one/, 40_000)
  await host.line(/no answer from the farm/, 40_000)
  await restart(host)
  await farm.open()
  await updated(farm, '9.0.0+1')
  expect(toldLast(farm, 'update_failed')).toBeUndefined()
})

agentTest('the owner can refuse updates', async ({ farm, host, enrolled }) => {
  await enrolled()
  host.configure(`${host.read('host.conf')}updates no\n`)
  farm.release = releaseOf(anAgent('9.0.0+1'))
  await restart(host)
  await farm.until('a claim', () => farm.seen.at(-1)?.kind === 'claim')
  expect(toldLast(farm, 'updates')).toBe('no')
  expect(farm.count('agent')).toBe(0)
})

agentTest('the agent does not update itself if it runs from another file', async ({ farm, host, enrolled }) => {
  await enrolled()
  host.signal('TERM')
  await host.line(/^agent-1 exit/)
  const elsewhere = join(host.folder, 'elsewhere.sh')
  writeFileSync(elsewhere, text)
  chmodSync(elsewhere, 0o700)
  farm.release = releaseOf(anAgent('9.0.0+1'))
  await host.start(`${elsewhere} run`)
  await theFailure(farm)
  expect(toldLast(farm, 'update_failed')).toBe(`9.0.0+1 the running agent is not ${host.dir}/agent.sh`)
  expect(host.read('agent.sh')).toBe(text.replace('@FARM_URL@', farm.url))
})

agentTest('an agent below the minimum version finishes its job and then updates', async ({ farm, host, enrolled }) => {
  farm.next = 100
  await enrolled()
  const attempt = farm.queue({
    steps: { wait: `echo up; until [ -f ${host.folder}/go ]; do sleep 0.1; done; echo down` },
  })
  await farm.logged(attempt, 'up')
  farm.claimError = `426 agent too old (${current}, needs 9.0.0): gets no jobs`
  const second = farm.queue({ steps: { two: 'echo two' } })
  writeFileSync(join(host.folder, 'go'), '')
  await farm.finished(attempt)
  await host.line(/the farm rejects this version of the agent \(426 agent too old/)
  expect(attempt.finishes).toMatchObject([{ reason: 'exit' }])
  expect(second.state).toBe('queued')

  farm.helloError = farm.claimError
  farm.release = releaseOf(anAgent('9.0.0+1', text => text)) // the version number is high enough
  await restart(host)
  await farm.until('the self-test', () => toldLast(farm, 'version') === '9.0.0+1', 40_000)
  farm.helloError = farm.claimError = ''
  await updated(farm, '9.0.0+1')
  await farm.finished(second)
})
