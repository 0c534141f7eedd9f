// Tests of an agent that connects to the farm through its own ssh and a real sshd.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AgentHost, Invitation } from '../support/agent-host.ts'
import { scriptProject } from '../support/farm-fixture.ts'
import { sharedFarm } from '../support/farm-test.ts'
import { Gateway } from '../support/gateway.ts'
import { eventually } from '../support/waiting.ts'

const farm = sharedFarm({ queues: 'postgres', environment: { PUBLIC_URL: 'http://farm.example' } })
let gateway: Gateway
beforeAll(async () => {
  gateway = await Gateway.open(farm().url)
})
afterAll(() => gateway.close())

/** The command of an owner who has written host.conf: it downloads agent.sh and enrols the host through the tunnel. */
const byHand = ({ token }: Invitation) =>
  `curl -fsS ${farm().url}/agent.sh >agent.sh && sh agent.sh --url http://${gateway.farm} enroll ${token}`
const through = (conf = gateway.conf) => ({ conf, by: byHand })

async function newHost(name: string): Promise<AgentHost> {
  await farm().project(name, scriptProject({ hosts: [name] }))
  return farm().host(name, through())
}

/** The command lines of the ssh processes on this host. */
const tunnels = async (host: AgentHost) =>
  (await host.processes('ssh -F /dev/null')).filter(line => /^\S+ +ssh -F/.test(line))

const endOfTunnels = (host: AgentHost) =>
  eventually('the agent’s ssh to end', async () => ((await tunnels(host)).length === 0 ? true : undefined))

const counting = (done: string) =>
  `i=0; until [ -e ${done} ]; do i=$((i+1)); echo line $i; sleep 0.1; done; echo right\n`
const isWhole = (log: Buffer) => {
  const lines = log.toString().trimEnd().split('\n')
  expect(lines).toEqual([...lines.slice(0, -1).map((_, index) => `line ${index + 1}`), 'right'])
}

test('an agent runs jobs through one ssh, which ends with the agent; without an agent, `check` opens its own ssh', async () => {
  const host = await newHost('vax')
  const job = await (await farm().push({ 'job.sh': 'cat data.txt', 'data.txt': 'right\n' }, 'vax')).job()
  expect(await job.finished()).toMatchObject({ verdict: 'passed', attempts: [{ reason: 'exit' }] })
  expect((await job.log()).toString()).toBe('right\n')

  expect(await tunnels(host)).toEqual([
    expect.stringMatching(
      /-L 127.0.0.1:\d+:\S+:\d+ .* -o StrictHostKeyChecking=yes|-o StrictHostKeyChecking=yes .* -L 127.0.0.1:\d+:\S+:\d+ /,
    ),
  ])
  expect(gateway.lines.join('\n')).toContain('Accepted publickey for')
  // ssh must not be a child of the agent, because bash would wait for ssh without end
  expect(await host.run(`ps -o args= --ppid "$(cut -d' ' -f1 ${host.dir}/lock.*)"`)).not.toContain('ssh -F')
  expect(await host.run(`sh ${host.dir}/agent.sh check`)).toMatch(/^tunnel \S+@127.0.0.1:\d+ \//m)
  host.signal('TERM')
  expect(await host.exited()).toBe(0)
  await endOfTunnels(host)

  // If no agent runs, `check` opens a tunnel for its own requests.
  expect(await host.run(`sh ${host.dir}/agent.sh check`)).toMatch(/^the farm answers$/m)
  await endOfTunnels(host)
})

test('a job continues while sshd is killed and starts again, and its log is complete', async () => {
  const host = await newHost('alpha')
  const done = join(farm().directory, 'alpha-done')
  const job = await (await farm().push(counting(done), 'alpha')).job()
  await job.logged('line 3\n')
  await gateway.kill()
  await host.hears(/attempt \S+: no answer from the farm; the job keeps running/)
  await endOfTunnels(host)
  await gateway.start()
  await host.hears(/attempt \S+: the farm answers again/, 120_000)
  expect((await tunnels(host)).length).toBe(1)
  writeFileSync(done, '')
  expect(await job.finished()).toMatchObject({ verdict: 'passed', attempts: [{ reason: 'exit' }] })
  isWhole(await job.log())
})

test('if an agent was killed, its next start uses the ssh that still runs, and starts no second ssh', async () => {
  const host = await newHost('mips')
  const done = join(farm().directory, 'mips-done')
  const job = await (await farm().push(counting(done), 'mips')).job()
  await job.logged('line 3\n')
  const before = await tunnels(host)
  await host.kill9()
  await host.start()
  await host.hears(/resumed/)
  writeFileSync(done, '')
  expect(await job.finished()).toMatchObject({ verdict: 'passed' })
  isWhole(await job.log())
  expect(await tunnels(host)).toEqual(before)
  expect(before.length).toBe(1)
})

test('an agent sends nothing to a gateway with another key, and continues when the right gateway is back', async () => {
  const host = await newHost('sun')
  const done = join(farm().directory, 'sun-done')
  const job = await (await farm().push(counting(done), 'sun')).job()
  await job.logged('line 3\n')
  await gateway.kill()
  const before = gateway.lines.length
  await gateway.start('other')
  await eventually(
    'three tries',
    () => gateway.lines.slice(before).filter(line => /Connection (from|closed)/.test(line)).length > 3 || undefined,
  )
  const stranger = await farm().beginHost('stranger', through())
  await stranger.hears(
    /^rumpfarm: no answer from the farm at .* \(no tunnel through .*Host key verification failed.\)$/,
    120_000,
  )
  expect(await stranger.exited()).toBe(1)
  await endOfTunnels(stranger)
  expect(gateway.lines.slice(before).join('\n')).not.toMatch(/Accepted|userauth|publickey/)
  await gateway.kill()
  await gateway.start()
  await host.hears(/attempt \S+: the farm answers again/, 120_000)
  writeFileSync(done, '')
  expect(await job.finished()).toMatchObject({ verdict: 'passed' })
  isWhole(await job.log())
})

test('if host.conf lacks the key of the gateway, the agent opens no tunnel and reports the error in one line', async () => {
  const host = await farm().beginHost('careless', through(gateway.conf.replace(/^tunnel_key.*\n/m, '')))
  await host.hears(
    /^rumpfarm: no answer from the farm at .* \(no tunnel through .*Host key verification failed.\)$/,
    120_000,
  )
  expect(await host.exited()).toBe(1)
})

test('an agent with a wrong tunnel in host.conf does not connect to the farm directly', async () => {
  const seen = farm().server.lines.length
  const conf = gateway.conf.replace(/^tunnel \S+/, 'tunnel nobody-here')
  const by = ({ token }: Invitation) => `curl -fsS ${farm().url}/agent.sh >agent.sh && sh agent.sh enroll ${token}`
  const host = await farm().beginHost('wrong-word', { conf, by }) // the host could reach the farm directly
  await host.hears(/^rumpfarm: no answer from the farm at .* \(no tunnel through nobody-here yet: .*\)$/, 120_000)
  expect(await host.exited()).toBe(1)
  expect(
    farm()
      .server.lines.slice(seen)
      .filter(line => line.includes('/enroll')),
  ).toEqual([])
})

test('the ssh account can reach the port of the farm and nothing else', async () => {
  const [, account = '', port = '', key = ''] = /^tunnel (\S+):(\d+) (\S+)$/m.exec(gateway.conf) ?? []
  const host = await newHost('tidy')
  const ssh = `ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p ${port} -i ${key}`
  expect(await host.run(`${ssh} ${account} id 2>&1 || echo refused`)).toMatch(/\nrefused\n$/)
  const other = await host.run(`${ssh} -W 127.0.0.1:1 ${account} 2>&1; :`)
  expect(other).toMatch(/administratively prohibited/)
  expect(await host.run(`${ssh} -R 127.0.0.1:0:127.0.0.1:1 -o ExitOnForwardFailure=yes -N ${account} 2>&1; :`)).toMatch(
    /remote port forwarding failed/,
  )
})
