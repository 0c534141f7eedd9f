import { cksum } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import { serverTest } from '../../../../server.fixture.ts'

serverTest(
  'if a step ends while the server reads the job, the page shows each line under its step',
  async ({ server }) => {
    await server.configure()
    const host = await server.host('vax')
    await server.build()
    const offer = await host.take('1.1')
    await host.say(offer, 'compiling\n')
    const bytes = Buffer.from('testing\n')
    const endBuild = () =>
      server.farm.attempts.recordProgress({
        jobId: 1,
        number: 1,
        hostId: host.id,
        lease: offer.lease,
        offset: 10,
        bytes,
        checksum: { kind: 'crc', value: String(cksum(bytes)) },
        steps: [{ exit: 0, milliseconds: 5, logBytes: 10 }],
      })
    let reads = 0
    const findJob: typeof server.farm.builds.findJob = async id => {
      const job = await server.farm.builds.findJob(id)
      if (++reads === 1) expect(await endBuild()).toMatchObject({ kind: 'ok' })
      return job
    }
    const app = await server.open({ farm: { ...server.farm, builds: { ...server.farm.builds, findJob } } })
    const { body } = await app.inject('/jobs/1')
    await app.close()
    const [, build = '', tests = ''] = body.split(/<details[^>]* id="?step-/)
    expect([build.includes('compiling'), build.includes('testing'), tests.includes('testing')]).toEqual([
      true,
      false,
      true,
    ])
  },
)
