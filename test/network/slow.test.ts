// Hosts with slow links, links that lose packets, and links that delay packets.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scriptProject } from '../support/farm-fixture.ts'
import { sharedFarm } from '../support/farm-test.ts'
import { Cable } from './cable.ts'

const names = ['modem', 'lossy', 'late']

const farm = sharedFarm({
  queues: 'postgres',
  environment: { HOST: '0.0.0.0', LEASE_SECONDS: '90' },
  projects: Object.fromEntries(names.map(name => [name, scriptProject({ hosts: [name] })])),
})

const hasNetem = () =>
  spawnSync('tc', 'qdisc add dev lo root netem delay 0ms'.split(' ')).status === 0 &&
  spawnSync('tc', 'qdisc del dev lo root'.split(' ')).status === 0

/** Returns this number of bytes, which no program can compress. Each call returns the same bytes. */
const talkative = (bytes: number) =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => ((i * 2654435761) >>> 11) & 255))

/** Runs a job that prints these bytes, on a host with its own link. `spoil` changes the link after the job’s start. */
async function expectWholeLog(name: string, log: Buffer, spoil: (cable: Cable) => Promise<void>) {
  const cable = new Cable()
  const host = await farm().host(name, { cable })
  const spoilt = join(farm().directory, `${name}.spoilt`)
  // The sources contain the bytes, so the bytes are on the host before the link becomes bad.
  const script = `echo ready; until [ -e ${spoilt} ]; do sleep 0.1; done; cat log.bin`
  const job = await (await farm().push({ 'job.sh': script, 'log.bin': log }, name)).job(name)
  await job.logged('ready\n')
  await spoil(cable)
  await host.run(`: >${spoilt}`)
  await host.hears(/exit, passed/, 150_000)
  const { verdict, attempts } = await job.finished()
  expect([verdict, attempts.length]).toEqual(['passed', 1])
  expect(Buffer.compare(await job.log(), Buffer.concat([Buffer.from('ready\n'), log]))).toBe(0)
}

describe.concurrent('the farm receives a complete log through a bad link', () => {
  test('the farm receives a complete log at 5 kB/s, although a full chunk exceeds the time limit of a request', () =>
    expectWholeLog('modem', talkative(120_000), cable => cable.slow(5_000)))

  test('the farm receives a complete log through a link that loses every sixth packet', () =>
    expectWholeLog('lossy', talkative(1_000_000), cable => cable.lose(16, 'to the farm', 'to the host')))

  test.skipIf(!hasNetem())(
    'the farm receives a complete log although packets are late, lost or reordered (needs netem in the kernel)',
    () => expectWholeLog('late', talkative(1_000_000), cable => cable.delay('delay 200ms 80ms loss 3% reorder 25%')),
  )
})
