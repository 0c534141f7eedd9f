import { expect } from 'vitest'
import { scene } from './support/scene.ts'

for (const name of ['TERM', 'INT']) {
  scene(`${name} while idle: bye, and the agent is gone at once`, async ({ farm, host, enrolled }) => {
    await enrolled()
    const asked = Date.now()
    host.signal(name)
    const exit = await host.line(/^agent-1 exit/)

    expect(exit.text).toBe('agent-1 exit 0')
    expect(exit.at - asked).toBeLessThan(3000)
    expect(farm.seen.at(-1)).toMatchObject({ kind: 'bye', err: '' })
    expect(await host.alive('/agent/v1/')).toEqual([])
  })
}

scene('TERM with a job: the job is stopped, its log and end are sent, bye', async ({ farm, host, enrolled }) => {
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
  expect(exit.at - asked).toBeLessThan(8000)
  expect(attempt.finishes[0]).toMatchObject({ reason: 'stopped' })
  expect(attempt.log.toString()).toBe('up\ntold\n')
  expect(farm.seen.at(-1)?.kind).toBe('bye')
  expect(await host.alive('sleep 4801')).toEqual([])
})

scene('TERM with a job while the farm is away: the end is told at the next start', async ({ farm, host, enrolled }) => {
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
})

scene('HUP drains: the job is finished, no other is taken', async ({ farm, host, enrolled }) => {
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

scene('HUP while idle leaves at once', async ({ host, enrolled }) => {
  await enrolled()
  const asked = Date.now()
  host.signal('HUP')
  const exit = await host.line(/^agent-1 exit 0/)
  expect(exit.at - asked).toBeLessThan(3000)
})
