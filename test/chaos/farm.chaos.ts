import { expect, test } from 'vitest'
import { type ChaosChoice, runChaos } from './chaos.ts'

const { seed, minutes, servers, hosts, only }: ChaosChoice = JSON.parse(process.env.CHAOS ?? '{}')

test.each(servers)('after the faults, every job has its right result: %s servers', async count => {
  const began = Date.now()
  const say = (line: string) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}`)
  say(`${count} servers, ${hosts} hosts, seed ${seed}`)
  const { wrong, jobs, faults } = await runChaos({ seed, minutes, servers: count, hosts, only, say })
  say(`${jobs} jobs and ${faults} faults`)
  expect(wrong).toEqual([])
  expect(jobs).toBeGreaterThan(0)
})
