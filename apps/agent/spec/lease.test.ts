// Tests of lost leases, of old claim numbers, and of the size of chunks.
import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'

agentTest(
  'a job that loses its lease ends within seconds with all its processes, even if its grace period is long',
  async ({ farm, host, enrolled }) => {
    farm.next = 200
    await enrolled()
    const stubborn = `sh -c 'trap "" TERM; while :; do sleep 4821; done'`
    const attempt = farm.queue({
      grace: 600,
      steps: { hang: `${stubborn} & setsid ${stubborn} & trap '' TERM; echo up; while :; do sleep 0.2; done` },
    })
    await farm.logged(attempt, 'up')
    attempt.state = 'gone'
    const told = await host.line(/attempt 1.1: lost its lease/)
    const calls = farm.seen.filter(seen => seen.kind === 'progress' || seen.kind === 'finish').length
    await farm.until('the next claim', () => farm.seen.at(-1)?.kind === 'claim')
    expect(Date.now() - told.at).toBeLessThan(50_000)
    expect(await host.alive('sleep 4821')).toEqual([])
    expect(await host.alive('agent.sh job')).toEqual([])
    expect(farm.seen.filter(seen => seen.kind === 'progress' || seen.kind === 'finish').length).toBe(calls)
  },
)

agentTest(
  'if the claim number of an agent is too old, the agent continues after the newest number that the farm knows',
  async ({ farm, enrolled }) => {
    farm.poll = 1
    await enrolled()
    farm.newestClaim = 41
    const conflicts = () => farm.seen.filter(seen => seen.err.startsWith('409 stale claim')).length
    await farm.until('a claim that was refused', () => conflicts() === 1)
    const attempt = farm.queue({ steps: { one: 'echo one' } })
    await farm.finished(attempt)
    expect(attempt.claim).toBe(42)
    const next = farm.queue({ steps: { two: 'echo two' } })
    await farm.finished(next)
    expect(next.claim).toBe(43)
    expect(conflicts()).toBe(1)
  },
)

agentTest(
  'if the farm does not answer, the agent sends smaller chunks, and larger chunks again later',
  async ({ farm, host, enrolled }) => {
    farm.chunk = 262_144
    await enrolled()
    for (let lost = 0; lost < 3; lost++) farm.injectFault('progress', 'lost-request')
    const attempt = farm.queue({ steps: { shout: 'head -c 2000000 /dev/zero' } })
    await farm.finished(attempt, 40_000)
    await host.line(/the farm answers again/)
    expect(attempt.log.bytes.equals(Buffer.alloc(2_000_000))).toBe(true)
    const sizes = attempt.calls.map(call => call.len).filter(len => len > 0)
    expect(sizes[0]).toBeLessThanOrEqual(16_384)
    expect(Math.max(...sizes)).toBe(262_144)
  },
)
