import assert from 'node:assert/strict'
import { endedAfter, type Scenario, type World } from '../world.ts'

/** Scenarios in which somebody kills, stops or starts the agent. */
export const agentScenarios: Scenario[] = [
  {
    name: 'a killed agent continues the same job when it starts again, and the log is whole',
    core: true,
    act: async world => {
      const gate = world.gate()
      const job = await world.job(`echo begin; ${gate.closed}; echo end`)
      await world.logged(job, 'begin\n')
      await world.host.kill9()
      await world.host.start()
      await world.host.hears(/resumed$/)
      await gate.open()
      await world.ends(job, { verdict: 'passed', log: 'begin\nend\n' })
      await world.works()
    },
  },
  {
    name: 'an agent that starts again sends the result of a job that ended while no agent ran',
    core: true,
    act: async world => {
      const [gate, done] = [world.gate(), world.gate('done')]
      const job = await world.job(`echo begin; ${gate.closed}; echo end; : >'${world.host.scratch}/done'`)
      await world.logged(job, 'begin\n')
      await world.host.kill9()
      await gate.open()
      await world.host.run(done.closed)
      await world.host.start()
      await world.ends(job, { verdict: 'passed', log: 'begin\nend\n' })
      await world.works()
    },
  },
  {
    name: 'a second agent does not run: the lock refuses it in the same directory, and the farm refuses it in a copy',
    core: true,
    act: async world => {
      const { dir, scratch } = world.host
      const gate = world.gate()
      const job = await world.job(`echo begin; ${gate.closed}; echo end`)
      await world.logged(job, 'begin\n')
      const second = await world.host.run(`sh '${dir}/agent.sh' run || echo "refused: $?"`)
      assert.match(second, /an agent already runs in .*\nrefused: 1\n$/)

      const copied = `cp -R '${dir}' '${scratch}/copy' && cd '${scratch}/copy' && rm -rf lock.* instance slot-* work`
      const run = `RUMPFARM_DIR='${scratch}/copy' sh ./agent.sh run >'${scratch}/said' 2>&1 </dev/null & echo $! >'${scratch}/pid'`
      await world.host.run(`${copied} && { ${run}; }`)
      await world.host.run(
        `until grep 'another agent runs as this host' '${scratch}/said' >/dev/null; do sleep 1; done`,
      )
      assert.equal(world.wire.count('hello', /^err 409 another agent runs as /) > 0, true)
      await world.host.run(
        `kill -s TERM "$(cat '${scratch}/pid')"; until grep 'agent stopped' '${scratch}/said'; do sleep 1; done`,
      )
      await gate.open()
      await world.ends(job, { verdict: 'passed', log: 'begin\nend\n' })
      await world.works()
    },
  },
  {
    name: 'an idle agent that receives TERM stops, the farm shows its host as away, and the agent can start again',
    core: true,
    act: async world => {
      await world.leave()
      assert.equal((await shown(world)).presence, 'away')
      await world.comesBack()
      await world.works()
    },
  },
  {
    name: 'an agent that receives TERM ends its job, sends the result and leaves nothing of the job behind',
    core: true,
    act: async world => {
      const job = await world.job('echo up; sleep 4731')
      await world.logged(job, 'up\n')
      await world.leave()
      await world.ends(job, { verdict: 'lost', reason: 'stopped', failedStep: 'job', log: endedAfter('up\n') })
      await world.comesBack()
      await world.works()
    },
  },
  {
    name: 'an agent that receives HUP finishes its job and takes no other job',
    core: true,
    act: async world => {
      const gate = world.gate()
      const job = await world.job(`echo begin; ${gate.closed}; echo end`)
      await world.logged(job, 'begin\n')
      world.host.signal('HUP')
      const next = await world.job('echo next')
      await gate.open()
      await world.ends(job, { verdict: 'passed', log: 'begin\nend\n' })
      await world.leaves()
      assert.match((await next.view()).state, /^(waiting|queued)$/)
      await world.comesBack()
      await world.ends(next, { verdict: 'passed', log: 'next\n' })
    },
  },
  {
    name: 'a host with two slots runs two jobs at once with separate logs, and ends both jobs when its agent stops',
    core: true,
    act: async world => {
      await world.leave()
      world.host.configure(`${world.host.read('host.conf')}slots 2\n`)
      await world.comesBack()
      const gate = world.gate()
      const first = await world.job(`echo one; ${gate.closed}; echo end`)
      const second = await world.job('echo two; sleep 4732')
      await world.logged(first, 'one\n')
      await world.logged(second, 'two\n')
      await gate.open()
      await world.ends(first, { verdict: 'passed', log: 'one\nend\n' })
      const third = await world.job('echo three; sleep 4733')
      await world.logged(third, 'three\n')
      await world.leave()
      await world.ends(second, { verdict: 'lost', reason: 'stopped', failedStep: 'job', log: endedAfter('two\n') })
      await world.ends(third, { verdict: 'lost', reason: 'stopped', failedStep: 'job', log: endedAfter('three\n') })
      await world.comesBack()
      await world.works()
    },
  },
  {
    name: 'a host with a full disk reports it, and takes no job until there is free space',
    core: false, // in a chroot without /proc, df shows nothing, and the agent then takes jobs
    act: async world => {
      await world.leave()
      const conf = world.host.read('host.conf')
      world.host.configure(conf.replace(/^disk_floor_mb .*/m, 'disk_floor_mb 999999999'))
      await world.comesBack()
      await world.eventually(
        'the refusal',
        async () => /^disk-full .*MB free in /.test((await shown(world)).refusal ?? '') || undefined,
      )
      const job = await world.job('echo room')
      await world.eventually('the job to be queued', async () => (await job.view()).state === 'queued' || undefined)
      await world.leave()
      assert.equal((await job.view()).state, 'queued')
      world.host.configure(conf)
      await world.comesBack()
      await world.ends(job, { verdict: 'passed', log: 'room\n' })
    },
  },
]

const shown = (world: World) =>
  world.farm.api().get<{ presence: string; refusal: string | null }>(`/api/v1/hosts/${world.host.name}`)
