import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { agentTest, type Setup } from './support/agent-test.ts'
import type { Host } from './support/host.ts'

const untilFile = (path: string) => `echo begun; until [ -e ${path} ]; do sleep 0.05; done; echo done`

/** Sets the number of slots in host.conf. */
const withSlots = async (host: Host, count: number) => appendFileSync(join(host.dir, 'host.conf'), `slots ${count}\n`)

/** Starts an agent with a job in each of two slots. Each job prints `begun` and waits for `open`. */
async function twoAtWork({ farm, host, enrolled }: Setup) {
  farm.poll = 1
  farm.next = 200
  await enrolled()
  await withSlots(host, 2)
  await farm.until('a claim of slot 2', () => farm.seen.some(seen => /slot=2/.test(seen.path)))
  const gate = join(host.folder, 'go')
  const steps = { wait: untilFile(gate) }
  const jobs = [farm.queue({ steps }), farm.queue({ steps })]
  for (const job of jobs) await farm.logged(job, 'begun')
  return { jobs, steps, open: () => writeFileSync(gate, '') }
}

agentTest(
  'with `slots 2` two jobs run at the same time, each with half of the processors',
  async ({ farm, host, enrolled }) => {
    farm.poll = 1
    await enrolled()
    await withSlots(host, 2)
    await farm.until('a claim of slot 2', () => farm.seen.some(seen => /slot=2/.test(seen.path)))
    expect(String(farm.seen.filter(seen => seen.kind === 'hello').at(-1)?.body)).toMatch(/^slots 2$/m)

    const go = join(host.folder, 'go')
    const steps = { wait: `echo "jobs $FARM_JOBS"; ${untilFile(go)}` }
    const [first, second] = [farm.queue({ steps }), farm.queue({ steps })]
    await farm.logged(first, 'begun')
    await farm.logged(second, 'begun')
    expect([first.slot, second.slot].sort()).toEqual(['1', '2'])
    writeFileSync(go, '')
    await farm.finished(first)
    await farm.finished(second)
    const cpus = Number(
      /^cpus ([0-9]+)$/m.exec((await host.run(`${host.shell} ${host.dir}/agent.sh check`)).output)?.[1],
    )
    expect(second.log.toString()).toBe(`jobs ${Math.max(1, Math.floor(cpus / 2))}\nbegun\ndone\n`)
  },
)

for (const [name, reason] of [
  ['HUP', 'exit'],
  ['TERM', 'stopped'],
] as const) {
  agentTest(
    `if an agent with jobs in two slots receives ${name}, each job ends with the reason ${reason}, and the agent sends one bye`,
    async all => {
      const { farm, host } = all
      const { jobs, steps, open } = await twoAtWork(all)
      const third = farm.queue({ steps })
      host.signal(name)
      if (name === 'HUP') {
        const calls = jobs.map(job => job.calls.length)
        await farm.until('heartbeats of both', () => jobs.every((job, i) => job.calls.length > (calls[i] ?? 0) + 1))
        open()
      }
      await host.line(/^agent-1 exit 0/, 30_000)
      expect(jobs.map(job => job.finishes[0]?.reason)).toEqual([reason, reason])
      expect(third.state).toBe('queued')
      expect(farm.count('bye')).toBe(1)
      expect(farm.seen.at(-1)?.kind).toBe('bye')
      // The agent removes the directory of an ended job in the background.
      expect((await host.run('while ps -e -o args= | grep -q "[a]gent.sh"; do sleep 0.1; done')).code).toBe(0)
    },
  )
}

agentTest('after the agent is killed, the next start resumes the jobs of all slots, each only once', async all => {
  const { farm, host } = all
  const { jobs, open } = await twoAtWork(all)
  const [before] = host.read('slot-2', 'loop').split(' ')
  host.signal('KILL')
  await host.line(/^agent-1 exit 137/)
  await host.start()
  const calls = jobs.map(job => job.calls.length)
  await farm.until('heartbeats of both', () => jobs.every((job, i) => job.calls.length > (calls[i] ?? 0) + 2))
  const [after] = host.read('slot-2', 'loop').split(' ')
  expect(after).not.toBe(before)
  expect((await host.run(`kill -0 ${before}`)).code).not.toBe(0)
  open()
  for (const job of jobs) await farm.finished(job)
  expect(jobs.map(job => job.log.toString())).toEqual(['begun\ndone\n', 'begun\ndone\n'])
  const next = [farm.queue({ steps: { one: 'echo one' } }), farm.queue({ steps: { one: 'echo one' } })]
  for (const job of next) await farm.finished(job)
})

agentTest('if the owner removes a slot from host.conf, the slot ends after its job', async all => {
  const { farm, host } = all
  const { jobs, open } = await twoAtWork(all)
  host.configure(readFileSync(join(host.dir, 'host.conf'), 'utf8').replace(/^slots 2\n/m, ''))
  open()
  for (const job of jobs) await farm.finished(job)
  const { code } = await host.run('while ps -e -o args= | grep -q "[a]gent.sh slot 2"; do sleep 0.1; done')
  expect(code).toBe(0)
  await farm.until('a hello with one slot', () =>
    /^slots 1$/m.test(String(farm.seen.filter(s => s.kind === 'hello').at(-1)?.body)),
  )
  const last = farm.queue({ steps: { one: 'echo one' } })
  await farm.finished(last)
  expect(last.slot).toBe('1')
})

agentTest('a slot whose agent has ended finishes its job, sends the result and ends', async all => {
  const { farm, host } = all
  const { jobs, open } = await twoAtWork(all)
  const second = jobs.find(job => job.slot === '2')
  if (!second) throw new Error('no job is in slot 2')
  host.signal('KILL')
  await host.line(/^agent-1 exit 137/)
  open()
  await farm.finished(second)
  expect(second.finishes[0]).toMatchObject({ reason: 'exit' })
  expect(second.log.toString()).toBe('begun\ndone\n')
  const { code } = await host.run('while ps -e -o args= | grep -q "[a]gent.sh slot 2"; do sleep 0.1; done')
  expect(code).toBe(0)
})
