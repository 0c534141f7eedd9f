import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'

const counting = (upTo: number) =>
  `i=0; while [ $i -lt ${upTo} ]; do i=$((i+1)); echo line $i; head -c 30000 /dev/zero; sleep 0.2; done; exit 3`
const counted = (upTo: number) =>
  Array.from({ length: upTo }, (_, i) => `line ${i + 1}\n${'\0'.repeat(30_000)}`).join('')

agentTest(
  'a job continues after its agent is killed, and the next start sends the complete log and one result',
  async ({ farm, host, enrolled }) => {
    farm.next = 200
    await enrolled()
    const attempt = farm.queue({ steps: { before: 'echo before', count: counting(12) } })
    await farm.logged(attempt, 'line 3\n')
    host.signal('KILL')
    await host.line(/^agent-[0-9]+ exit 137$/)
    await host.start()
    await farm.finished(attempt)

    expect(attempt.log.toString()).toBe(`before\n${counted(12)}`)
    expect(attempt.finishes[0]?.steps).toMatch(/^0:[0-9]+:7,3:[0-9]+:[0-9]+$/)
    await farm.until('the next claim', () => farm.seen.at(-1)?.kind === 'claim')
    expect(attempt.finishes.length).toBe(1)
    expect(host.said()).toContain('attempt 1.1: resumed')
    const hellos = farm.seen.filter(seen => seen.kind === 'hello').map(seen => Object.fromEntries(pairs(seen.body)))
    expect(hellos[1]?.previous).toBe(hellos[0]?.instance)
  },
)

const pairs = (body: Buffer) =>
  body
    .toString()
    .split('\n')
    .map((line): [string, string] => [line.split(' ')[0] ?? '', line.split(' ').slice(1).join(' ')])

agentTest(
  'the next start of the agent reports a job that ended while no agent ran',
  async ({ farm, host, enrolled }) => {
    farm.next = 200
    await enrolled()
    const attempt = farm.queue({ steps: { count: counting(4) } })
    await farm.logged(attempt, 'line 2\n')
    host.signal('KILL')
    await host.line(/^agent-[0-9]+ exit 137$/)
    await host.run(`until [ -s ${host.dir}/slot-1/1/end ]; do sleep 0.05; done`)
    await host.start()
    await farm.finished(attempt)

    expect(attempt.log.toString()).toBe(counted(4))
    expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
    expect(attempt.finishes[0]?.steps).toMatch(/^3:/)
  },
)

agentTest(
  'if an earlier runner left files in the directory of a job but no file with the runner’s pid, the job runs',
  async ({ farm, host, enrolled }) => {
    farm.next = 200
    await enrolled()
    const attempt = farm.queue({ steps: { loud: 'echo up; sleep 4783', quiet: 'echo done' } })
    await farm.logged(attempt, 'up')
    host.signal('KILL')
    await host.line(/^agent-[0-9]+ exit 137$/)
    const spool = join(host.dir, 'slot-1', '1')
    const [runner] = host.read('slot-1', '1', 'runner').split(' ')
    await host.run(
      `kill -s KILL -- -${Number(runner)}; rm ${spool}/runner; : >${spool}/pipe-1; : >${spool}/pipe-1.read`,
    )
    writeFileSync(
      join(spool, 'claim'),
      host.read('slot-1', '1', 'claim').replace('sleep 4783', 'echo again >/dev/stderr'),
    )
    await host.start()
    await farm.finished(attempt)
    expect(attempt.log.toString()).toBe('up\nagain\ndone\n')
  },
)

agentTest('if the agent is killed, a cancelled job keeps the reason `cancelled`', async ({ farm, host, enrolled }) => {
  farm.next = 200
  await enrolled()
  const attempt = farm.queue({ grace: 30, steps: { hang: "trap '' TERM; echo up; while :; do sleep 0.2; done" } })
  await farm.logged(attempt, 'up')
  attempt.cancel = 'cancelled'
  await host.line(/ending the job: cancelled/)
  host.signal('KILL')
  await host.line(/^agent-[0-9]+ exit 137$/)
  const [runner] = host.read('slot-1', '1', 'runner').split(' ')
  host.send(`kill -s KILL -- -${Number(runner)}`)
  await host.start()
  await farm.finished(attempt)
  expect(attempt.finishes[0]).toMatchObject({ reason: 'cancelled' })
})

agentTest(
  'after a reboot the agent does not kill another process that has the pid of its runner',
  async ({ farm, host, enrolled }) => {
    farm.next = 200
    await enrolled()
    const attempt = farm.queue({ steps: { hang: 'echo up; sleep 4781' } })
    await farm.logged(attempt, 'up')
    host.signal('KILL')
    await host.line(/^agent-[0-9]+ exit 137$/)
    const [runner, birth] = host.read('slot-1', '1', 'runner').trim().split(' ')
    host.send(`kill -s KILL -- -${Number(runner)}`)
    host.send('setsid sleep 4782 & echo "other $!"')
    const other = (await host.line(/^other /)).text.split(' ')[1]
    writeFileSync(join(host.dir, 'slot-1', '1', 'runner'), `${other} ${birth}\n`)
    await host.start()
    await farm.finished(attempt)

    expect(attempt.finishes[0]).toMatchObject({ reason: 'vanished' })
    expect((await host.alive('sleep 4782')).length).toBe(1)
  },
)

agentTest('after the agent is killed, its open long poll takes no job', async ({ farm, host, enrolled }) => {
  await enrolled()
  const claims = farm.count('claim')
  host.signal('KILL')
  await host.line(/^agent-[0-9]+ exit 137$/)
  await host.start()
  await farm.until('the claim of the new agent', () => farm.count('claim') > claims)
  expect((await host.alive(new URL(farm.url).port)).length).toBe(1) // the command line of every client contains the farm's port

  const attempt = farm.queue({ steps: { one: 'echo one' } })
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe('one\n')
})

agentTest(
  'only one agent runs in a directory, also during enrolment, and the lock of a killed agent has no effect',
  async ({ host, enrolled }) => {
    await enrolled()
    const agent = join(host.dir, 'agent.sh')
    const second = await host.run(`${host.shell} ${agent} run`)
    expect(second).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^rumpfarm: an agent already runs in .* as process 3; stop it/),
    })
    const enrolment = await host.run(`${host.shell} ${agent} enroll another`)
    expect(enrolment).toMatchObject({ code: 1, output: expect.stringMatching(/an agent already runs/) })

    host.signal('KILL')
    await host.line(/^agent-[0-9]+ exit 137$/)
    const lock = host.files().find(name => name.startsWith('lock.')) ?? ''
    const [, birth] = readFileSync(join(host.dir, lock), 'utf8').trim().split(' ')
    host.send('sleep 4791 & echo "other $!"')
    const other = (await host.line(/^other /)).text.split(' ')[1]
    writeFileSync(join(host.dir, lock), `${other} ${birth}\n`)
    await host.start()
    await host.line(/^rumpfarm: waiting for jobs$/, undefined, Date.now() - 10)
    expect(host.files().filter(name => name.startsWith('lock.')).length).toBe(1)
  },
)

agentTest(
  'if ten agents start at the same time and the lock is stale, only one of them keeps running',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    host.signal('KILL')
    await host.line(/^agent-[0-9]+ exit 137$/)
    const runs = Array.from({ length: 10 }, () => host.start())
    const exits = (await Promise.all(runs)).map(run => run.exited)
    const refused = new Promise<void>(resolve => {
      let count = 0
      for (const exit of exits) exit.then(() => ++count === 9 && resolve()).catch(() => {})
    })
    await refused
    await farm.until('a claim', () => farm.count('claim') > 1)
    expect((host.said().match(/waiting for jobs/g) ?? []).length).toBe(2)
    expect(existsSync(join(host.dir, 'private', 'credential'))).toBe(true)
  },
)
