import assert from 'node:assert/strict'
import type { Scenario, World } from '../world.ts'

/** Scenarios with an agent whose version differs from the farm's, or is below AGENT_VERSION_MIN, which is 1.1.0. */
export const updateScenarios: Scenario[] = [
  {
    name: 'an agent of another version updates itself to the version of the farm, and runs jobs again',
    core: true,
    act: async world => {
      await world.leave()
      await becomesVersion(world, '9.9.9')
      await world.comesBack()
      await world.host.hears(/^rumpfarm: updated to /)
      await world.works()
    },
  },
  {
    name: 'an agent that is too old finishes its job, and gets no new job until it updates',
    core: true,
    act: async world => {
      const gate = world.gate()
      const job = await world.job(`echo begin; ${gate.closed}; echo end`)
      await world.logged(job, 'begin\n')
      await world.host.kill9()
      await becomesVersion(world, '1.0.0')
      const conf = world.host.read('host.conf')
      world.host.configure(`${conf}updates no\n`)
      await world.host.start()
      await world.host.hears(/resumed$/)
      const next = await world.job('echo next')
      await gate.open()
      await world.ends(job, { verdict: 'passed', log: 'begin\nend\n' })
      await world.host.hears(/agent too old \(1\.0\.0, needs 1\.1\.0\)/)
      await world.leave()
      assert.match((await next.view()).state, /^(waiting|queued)$/)
      world.host.configure(conf)
      await world.comesBack()
      await world.ends(next, { verdict: 'passed', log: 'next\n' })
    },
  },
]

const becomesVersion = (world: World, version: string): Promise<string> => {
  const file = `'${world.host.dir}/agent.sh'`
  return world.host.run(
    `sed 's/^AGENT_VERSION=.*/AGENT_VERSION=${version}/' ${file} >${file}.x && mv ${file}.x ${file}`,
  )
}
