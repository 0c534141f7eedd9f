import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'

agentTest('a job ends at its time limit', async ({ farm, host, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ wall: 2, steps: { long: 'while :; do echo tick; sleep 0.2; done' } })
  await farm.finished(attempt)

  expect(attempt.finishes[0]).toMatchObject({ reason: 'wall-limit' })
  expect(await host.alive('tick')).toEqual([])
  const seconds = ((attempt.finishes[0]?.at ?? 0) - attempt.claimedAt) / 1000
  expect(seconds).toBeGreaterThan(0.9) // the clock counts whole seconds
  expect(seconds).toBeLessThan(40)
})

agentTest('a job ends at its no-output limit', async ({ farm, host, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ silence: 2, steps: { talk: 'echo a; sleep 1; echo b', hang: 'echo c; sleep 4712' } })
  await farm.finished(attempt)

  expect(attempt.finishes[0]).toMatchObject({ reason: 'silence-limit' })
  expect(attempt.log.toString()).toMatch(/^a\nb\nc\n/)
  expect(await host.alive('sleep 4712')).toEqual([])
})

agentTest(
  'the agent ends a job whose log exceeds the limit, and sends no byte beyond the limit',
  async ({ farm, enrolled }) => {
    await enrolled()
    const attempt = farm.queue({ logmax: 100_000, steps: { shout: 'yes shouting' } })
    await farm.finished(attempt)
    expect(attempt.finishes[0]).toMatchObject({ reason: 'log-limit', logsize: '100000' })
    expect(attempt.log.toString()).toBe('shouting\n'.repeat(12_000).slice(0, 100_000))

    const brief = farm.queue({ logmax: 1000, steps: { shout: 'seq 1000' } })
    await farm.finished(brief)
    expect(brief.finishes[0]).toMatchObject({ reason: 'log-limit', logsize: '1000' })
  },
)

agentTest('limits also apply while the farm is down', async ({ farm, host, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ silence: 2, steps: { hang: 'echo a; sleep 4713' } })
  await farm.logged(attempt, 'a\n')
  await farm.close()
  await host.line(/ending the job: silence-limit/)
  await farm.open()
  await farm.finished(attempt)
  expect(attempt.finishes[0]).toMatchObject({ reason: 'silence-limit' })
})

agentTest('a host with too little free disk space takes no job and reports this', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  appendFileSync(join(host.dir, 'host.conf'), 'disk_floor_mb 999999999\n')
  const refuses = () => farm.seen.find(seen => seen.kind === 'claim' && seen.body.includes('refuse'))
  await farm.until('a refusal', () => refuses() !== undefined)
  const attempt = farm.queue({ steps: { one: 'true' } })

  expect(refuses()?.body.toString()).toMatch(
    /^disk_mb [0-9]+\nrefuse disk-full [0-9]+ MB free in .*\/work, 999999999 MB required\nend\n$/,
  )
  host.configure('arch amd64 native\n')
  await farm.finished(attempt)
})

agentTest('the agent ends a job when the disk fills up', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  await host.run('mkdir -p disk && mount -t tmpfs -o size=60m tmpfs disk')
  host.configure(`arch amd64 native\ndisk_floor_mb 20\nwork_dir ${host.folder}/disk\n`)
  await farm.until('a new hello', () => farm.count('hello') === 2)
  const attempt = farm.queue({ steps: { fill: 'head -c 50000000 /dev/zero >full; echo full; sleep 4714' } })
  await farm.finished(attempt)

  expect(attempt.finishes[0]).toMatchObject({ reason: 'disk-full' })
  expect(attempt.finishes[0]?.detail).toMatch(/^[0-9]+ MB free in .*disk, 20 MB required$/)
})

const tools = mkdtempSync(join(tmpdir(), 'rumpfarm-date-'))
afterAll(() => rmSync(tools, { recursive: true }))
const date = execFileSync('sh', ['-c', 'command -v date'], { encoding: 'utf8' }).trim()
writeFileSync(
  join(tools, 'date'),
  `#!/bin/sh\nif [ -e "$HOME/tomorrow" ]; then exec ${date} -d '+1 day' "$@"; fi\nexec ${date} "$@"\n`,
  { mode: 0o755 },
)

agentTest(
  'if the clock is set forward, the agent does not end the job',
  async ({ farm, host, enrolled }) => {
    farm.next = 200
    await enrolled()
    const go = join(host.folder, 'go')
    const attempt = farm.queue({ steps: { wait: `echo up; until [ -e ${go} ]; do sleep 0.1; done; date +%s` } })
    await farm.logged(attempt, 'up')
    writeFileSync(join(host.folder, 'home', 'tomorrow'), '')
    const beats = attempt.calls.length
    await farm.until('twenty heartbeats', () => attempt.calls.length >= beats + 20)
    writeFileSync(go, '')
    await farm.finished(attempt)
    expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
    expect(Number(attempt.log.toString().split('\n')[1]) * 1000).toBeGreaterThan(Date.now() + 80_000_000)
  },
  { env: { PATH: `${tools}:${process.env.PATH}` } },
)
