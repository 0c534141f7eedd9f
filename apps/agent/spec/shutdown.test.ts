import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'

for (const name of ['TERM', 'INT']) {
  agentTest(`after ${name} an idle agent sends bye and stops at once`, async ({ farm, host, enrolled }) => {
    await enrolled()
    const asked = Date.now()
    host.signal(name)
    const exit = await host.line(/^agent-1 exit/)

    expect(exit.text).toBe('agent-1 exit 0')
    expect(exit.at - asked).toBeLessThan(15_000)
    expect(farm.seen.at(-1)).toMatchObject({ kind: 'bye', err: '' })
    expect(await host.alive('/agent/v1/')).toEqual([])
  })
}

agentTest(
  'an agent that receives TERM stops its job, sends the log and the result, and says bye',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    const attempt = farm.queue({
      grace: 60,
      steps: { hang: "trap 'echo told; exit 1' TERM; echo up; sleep 4801 & wait" },
    })
    await farm.logged(attempt, 'up')
    const asked = Date.now()
    host.signal('TERM')
    const exit = await host.line(/^agent-1 exit/)

    expect(exit.text).toBe('agent-1 exit 0')
    expect(exit.at - asked).toBeLessThan(40_000)
    expect(attempt.finishes[0]).toMatchObject({ reason: 'stopped' })
    expect(attempt.log.toString()).toBe('up\ntold\n')
    expect(farm.seen.at(-1)?.kind).toBe('bye')
    expect(await host.alive('sleep 4801')).toEqual([])
  },
)

agentTest(
  'if an agent receives TERM while the farm is down, its next start sends the result',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    const attempt = farm.queue({ steps: { hang: 'echo up; sleep 4802' } })
    await farm.logged(attempt, 'up')
    await farm.close()
    host.signal('TERM')
    expect((await host.line(/^agent-1 exit/)).text).toBe('agent-1 exit 0')
    await farm.open()
    await host.start()
    await farm.finished(attempt)
    expect(attempt.finishes[0]).toMatchObject({ reason: 'stopped' })
  },
)

agentTest('an agent that receives HUP finishes its job and takes no other job', async ({ farm, host, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ steps: { work: 'echo up; sleep 1.5; echo done' } })
  await farm.logged(attempt, 'up')
  const second = farm.queue({ steps: { one: 'echo one' } })
  host.signal('HUP')
  expect((await host.line(/^agent-1 exit/)).text).toBe('agent-1 exit 0')

  expect(attempt.log.toString()).toBe('up\ndone\n')
  expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
  expect(second.state).toBe('queued')
})

agentTest('an idle agent that receives HUP stops at once', async ({ host, enrolled }) => {
  await enrolled()
  const asked = Date.now()
  host.signal('HUP')
  const exit = await host.line(/^agent-1 exit 0/)
  expect(exit.at - asked).toBeLessThan(15_000)
})
