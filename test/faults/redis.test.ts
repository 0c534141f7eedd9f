import { expect } from 'vitest'
import { farmTest } from '../support/farm-test.ts'

const queues = 'redis'

/** Two failures of Redis: its process is killed and starts again empty, or all keys are deleted while Redis runs. */
const losses = [
  { what: 'Redis is stopped', lose: 'stop' },
  { what: 'Redis is emptied', lose: 'flush' },
] as const

for (const { what, lose } of losses) {
  farmTest(`while ${what}, running jobs continue and queued jobs are not lost`, { queues }, async farm => {
    const [vax, alpha] = [await farm.wireHost('vax'), await farm.wireHost('alpha')]
    const build = await farm.push()
    const running = await vax.job(1)
    await vax.progress(running, 'before\n')
    await farm.redis?.[lose]()
    expect(await vax.progress(running, 'without\n', { offset: 7 })).toMatchObject({ code: 0 })
    const second = await farm.push()
    expect(await vax.finish(running, 'before\nwithout\n')).toMatchObject({ code: 0, lines: [['verdict', 'passed']] })
    if (lose === 'stop') await farm.redis?.start()

    await alpha.runs(1)
    await alpha.runs(2)
    await vax.runs(2)
    for (const { id } of [...(await build.jobs()), ...(await second.jobs())]) {
      const { verdict, attempts } = await farm.job(id).view()
      expect([verdict, attempts.length]).toEqual(['passed', 1])
    }
  })
}

farmTest('while Redis is away, a host receives the cancel of its job at once', { queues }, async farm => {
  const vax = await farm.wireHost('vax')
  const build = await farm.push()
  const offer = await vax.job(1)
  await vax.progress(offer, 'running\n')
  await farm.redis?.stop()
  await (await build.job()).cancel()
  const answer = await vax.progress(offer, '', { offset: 8 })
  expect(answer.lines).toContainEqual(['cancel', 'cancelled'])
})

farmTest(
  'if a server starts without Redis, it answers requests, and jobs run when Redis is back',
  { queues },
  async farm => {
    const vax = await farm.wireHost('vax')
    await farm.push()
    await (await farm.push()).prepared()
    await farm.stop()
    await farm.redis?.stop()
    await farm.start()

    const pages = ['/healthz', '/readyz', '/', '/api/v1/matrix', '/api/v1/builds']
    for (const page of pages) expect([page, (await fetch(`${farm.url}${page}`)).status]).toEqual([page, 200])
    const late = await farm.push()
    const waiting = vax.runs(1)
    await farm.redis?.start()
    await waiting
    for (const claim of [2, 3]) await vax.runs(claim)
    expect((await (await late.job()).finished()).verdict).toBe('passed')
  },
)

farmTest('while Redis is away, a server can stop', { queues }, async farm => {
  await farm.redis?.stop()
  await farm.stop()
})

farmTest(
  'without Redis, a server serves twelve hosts, and Node prints no warning',
  { queues: 'postgres' },
  async farm => {
    const hosts = await Promise.all(Array.from({ length: 12 }, (_, i) => farm.wireHost(`many-${i}`, ['vax'])))
    await Promise.all(hosts.map(host => host.claim(1, { wait: 1 })))
    expect(farm.story()).not.toMatch(/MaxListeners/)
  },
)
