import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../../../apps/agent/spec/support/faults.ts'
import { leaseSeconds } from '../play.ts'
import type { Scenario } from '../world.ts'

const block = Buffer.concat([Buffer.alloc(30_000), Buffer.from('\nblock\n')])

const faults: Fault[] = [
  'lost-request',
  'lost-answer',
  'cut-answer',
  { status: 200, body: '<html>welcome to the hotel</html>' },
]

/** Scenarios with failures between the host and the farm. */
export const wireScenarios: Scenario[] = [
  {
    name: 'the farm loses no byte and no job, and runs no job twice, when requests or answers are lost or cut',
    core: true,
    before: wire => {
      for (const kind of ['enroll', 'hello', 'claim', 'source']) wire.spoil(kind, 'lost-answer')
      for (const kind of ['enroll', 'hello', 'source']) wire.spoil(kind, 'lost-request')
      wire.spoil('finish', 'lost-answer')
      wire.spoil('finish', 'cut-answer')
    },
    act: async world => {
      const gate = world.gate()
      const job = await world.job({ 'job.sh': `echo begin; ${gate.closed}; cat block.bin`, 'block.bin': block })
      await world.logged(job, 'begin\n')
      for (const fault of faults) {
        world.wire.spoil('progress', fault)
        await world.carries('progress', /^ok/)
      }
      world.wire.spoil('progress', 'lost-answer')
      await gate.open()
      await world.ends(job, { verdict: 'passed', log: Buffer.concat([Buffer.from('begin\n'), block]) })
      await world.works() // waits until the agent has sent the end of the job
    },
  },
  {
    name: 'a job continues and ends while the farm is away for longer than a lease',
    core: true,
    act: async world => {
      const gate = world.gate()
      const job = await world.job({
        'job.sh': `echo begin; ${gate.closed}; cat block.bin; echo end`,
        'block.bin': block,
      })
      await world.logged(job, 'begin\n')
      await world.wire.away()
      await world.host.hears(/no answer from the farm; the job keeps running/)
      await gate.open()
      await sleep((leaseSeconds + 2) * 1000)
      await world.wire.back()
      const log = Buffer.concat([Buffer.from('begin\n'), block, Buffer.from('end\n')])
      await world.ends(job, { verdict: 'passed', log })
      await world.works()
    },
  },
  {
    name: 'a host that loses a lease ends the job, and runs the job again once',
    core: true,
    project: { limits: { 'lost-after': '1s', attempts: 2 } },
    act: async world => {
      const first = 'case $FARM_ATTEMPT in *.1) echo first; sleep 4721; exit 3 ;; esac'
      const job = await world.job(`${first}; echo second`)
      await world.logged(job, 'first\n')
      await world.wire.away()
      await world.eventually('the loss of the first attempt', async () => {
        const { attempts } = await job.view()
        return attempts.at(-1)?.verdict === 'lost' || undefined
      })
      await world.wire.back()
      await world.host.hears(/lost its lease/)
      await world.ends(job, { verdict: 'passed', log: 'second\n', attempts: ['lost', 'passed'] })
      await world.none('sleep 4721')
    },
  },
  {
    name: 'a host sends heartbeats while it downloads sources for longer than a lease',
    core: true,
    act: async world => {
      const noise = randomBytes(70_000)
      world.wire.bytesPerSecond = 10_000
      const job = await world.job({ 'job.sh': 'cat noise.bin', 'noise.bin': noise })
      await world.ends(job, { verdict: 'passed', log: noise })
    },
  },
]
