import { expect, test } from 'vitest'
import { type ChaosChoice, runChaos } from './chaos.ts'

const { seed, minutes, servers, storages, hosts, only }: ChaosChoice = JSON.parse(process.env.CHAOS ?? '{}')

const runs = storages.flatMap(storage => servers.map(count => ({ storage, count })))

test.each(runs)('after the faults, every job has its right result: $count servers, $storage', async run => {
  const { storage, count } = run
  const began = Date.now()
  const say = (line: string) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}`)
  say(`servers: ${count}, storage: ${storage}, hosts: ${hosts}, seed: ${seed}`)
  const { wrong, jobs, faults } = await runChaos({ seed, minutes, servers: count, storage, hosts, only, say })
  say(`${jobs} jobs and ${faults} faults`)
  expect(wrong).toEqual([])
  expect(jobs).toBeGreaterThan(0)
})
