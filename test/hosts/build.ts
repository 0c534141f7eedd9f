import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Scenario } from '../conformance/world.ts'

const sample = fileURLToPath(new URL('../../samples/this-unix', import.meta.url))

/** Runs the job of farm.yaml for the sample: the machine builds the sample and runs the tests of the sample. */
export const nativeBuild: Scenario = {
  name: 'the machine configures, builds and tests the shipped sample itself',
  core: false,
  project: {
    steps: [{ configure: 'sh ./configure' }, { build: 'make' }, { tests: 'make check' }],
    limits: { wall: '20m', silence: '10m' },
  },
  act: async world => {
    const names = readdirSync(sample)
    const job = await world.job(Object.fromEntries(names.map(name => [name, readFileSync(join(sample, name))])))
    const view = await world.eventually('the end of the build', async () => {
      const view = await job.view()
      return view.state === 'finished' ? view : undefined
    })
    const log = (await job.log()).toString()
    assert.equal(view.verdict, 'passed', log.slice(-2000))
    const ended = view.steps.map(({ name, exit }) => `${name} ${exit}`)
    assert.deepEqual(ended, ['configure 0', 'build 0', 'tests 0'])
    const times = view.steps.map(({ name, milliseconds }) => `${name} ${(milliseconds / 1000).toFixed(1)} s`)
    console.log(`${world.host.name} built the sample: ${times.join(', ')}\n${log.split('\n').slice(-16).join('\n')}`)
  },
}
