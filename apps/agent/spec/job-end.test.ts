import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'

agentTest(
  'a cancel ends all processes of a job, including those that ignore TERM or have left its process group',
  async ({ farm, host, enrolled }) => {
    farm.next = 1000
    await enrolled()
    const attempt = farm.queue({
      grace: 1,
      steps: {
        stubborn: [
          "(trap '' TERM; echo stubborn; sleep 4721; sleep 4722) &",
          'setsid sh -c "trap \'\' TERM; sleep 4723; sleep 4724" &',
          'setsid -f sleep 4725',
          'env -u RUMPFARM_MARK sleep 4726 &',
          "trap 'date +%s%N; exit 1' TERM",
          'sleep 4727 & wait',
        ].join('\n'),
      },
    })
    await farm.logged(attempt, 'stubborn')
    const asked = Date.now()
    attempt.cancel = 'cancelled'
    await farm.finished(attempt)

    expect(attempt.finishes[0]).toMatchObject({ reason: 'cancelled' })
    const told = Number(/[0-9]{19}/.exec(attempt.log.toString())?.[0]) / 1e6
    expect(told - asked).toBeLessThan(15_000)
    expect((attempt.finishes[0]?.at ?? 0) - asked).toBeLessThan(40_000)
    expect(await host.alive('sleep 472')).toEqual([])
  },
)

agentTest('when a job ends, the agent ends processes that the job left running', async ({ farm, host, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ steps: { leave: 'sleep 4731 & setsid -f sleep 4732; echo left' } })
  await farm.finished(attempt)

  expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
  expect(attempt.finishes[0]?.steps).toMatch(/^0:/)
  expect(await host.alive('sleep 473')).toEqual([])
})

const daemons =
  "eval $(ssh-agent -s) >/dev/null; setsid env -i sleep 4735 & setsid -f env -i sh -c 'sleep 4736 & wait'; echo left"

agentTest('when a job ends, the agent ends daemons that left the job’s group or have no environment', async all => {
  const { farm, host, enrolled } = all
  await enrolled()
  host.send('setsid env -i sleep 4737 &')
  const attempt = farm.queue({ steps: { leave: daemons } })
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe('left\n')
  expect(await host.alive('sleep 4735')).toEqual([])
  expect(await host.alive('sleep 4736')).toEqual([])
  expect(await host.alive('ssh-agent')).toEqual([])
  expect((await host.alive('sleep 4737')).length).toBe(1)
})

agentTest(
  'without a namespace, the log lists the processes that a job left running, but no other processes',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    host.configure(`${host.read('host.conf')}hide no\n`)
    await farm.finished(farm.queue({ steps: { none: ':' } }))
    await host.run('setsid -f env -i sleep 4744')
    const attempt = farm.queue({
      steps: { leave: daemons, wait: `until [ -f ${host.folder}/go ]; do sleep 0.1; done` },
    })
    await farm.logged(attempt, 'left')
    host.send("sh -c 'setsid env -i sleep 4745 & wait' &") // this process has a parent
    host.send('(sleep 4746 &)')
    await host.run(`until pgrep -f 'sleep 474[56]' >/dev/null; do sleep 0.1; done; : >${host.folder}/go`)
    await farm.finished(attempt)
    const lines = attempt.log.toString().split('\n')
    expect(lines.map(line => line.replace(/[0-9]+ /, 'N ')).sort()).toEqual([
      '',
      'left',
      'left running: pid N sh -c sleep 4736 & wait',
      'left running: pid N sleep 4735',
    ])
    for (const time of [4735, 4736, 4744, 4745, 4746])
      expect((await host.alive(`sleep ${time}`)).length).toBeGreaterThan(0)
  },
)

agentTest('the agent does not end processes that have another mark or no mark', async ({ farm, host, enrolled }) => {
  await enrolled()
  host.send('RUMPFARM_MARK=9.9:other: sleep 4741 &')
  host.send('sleep 4742 &')
  const attempt = farm.queue({ steps: { one: 'setsid -f sleep 4743' } })
  await farm.finished(attempt)
  expect((await host.alive('sleep 474')).length).toBe(2)
})

agentTest('no step runs after a cancel, even if the current step exits with 0', async ({ farm, enrolled }) => {
  farm.next = 200
  await enrolled()
  const attempt = farm.queue({
    steps: { polite: "trap 'exit 0' TERM; echo up; sleep 4751 & wait", next: 'echo never' },
  })
  await farm.logged(attempt, 'up')
  attempt.cancel = 'cancelled'
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe('up\n')
  expect(attempt.finishes[0]).toMatchObject({ reason: 'cancelled' })
})

agentTest(
  'the agent ends an attempt that lost its lease, and the next claim has a higher number',
  async ({ farm, host, enrolled }) => {
    farm.next = 300
    await enrolled()
    const attempt = farm.queue({ steps: { hang: 'echo up; sleep 4761' } })
    await farm.logged(attempt, 'up')
    attempt.state = 'gone'
    const next = farm.queue({ steps: { one: 'echo next' } })
    await farm.finished(next)

    expect(attempt.finishes).toEqual([])
    expect(next.claim).toBeGreaterThan(attempt.claim)
    expect(await host.alive('sleep 4761')).toEqual([])
    expect(host.said()).toMatch(/attempt 1.1: lost its lease \(410/)
    await host.removed('work', 'attempt-1.1')
  },
)

agentTest(
  'if the runner is killed, the job has the reason `vanished`, and the agent ends the job’s processes',
  async ({ farm, host, enrolled }) => {
    farm.next = 300
    await enrolled()
    const attempt = farm.queue({ steps: { hang: 'echo up; sleep 4771' } })
    await farm.logged(attempt, 'up')
    const [runner] = host.read('slot-1', '1', 'runner').split(' ')
    host.signal('KILL', Number(runner))
    await farm.finished(attempt)

    expect(attempt.finishes[0]).toMatchObject({ reason: 'vanished' })
    expect(attempt.finishes[0]?.steps).toBeUndefined()
    expect(await host.alive('sleep 4771')).toEqual([])
  },
)
