// These tests send messages of the agent protocol twice, late, damaged, or from the wrong host.
import { cksum, type WireAnswer } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import { sharedFarm } from '../support/farm-test.ts'
import { offerOf, type WireHost, type WireOffer } from '../support/wire-host.ts'

const farm = sharedFarm({
  queues: 'redis',
  projects: { sample: { steps: [{ build: 'make' }, { tests: 'make test' }] } },
})

let hosts = 0
const newHost = () => farm().wireHost(`host-${++hosts}`)

/** Returns a host that has a job, and the job. */
async function hostWithJob() {
  const host = await newHost()
  const build = await farm().push()
  const offer = await host.job(1)
  return { host, offer, job: await build.job(host.name) }
}

const ok = (...lines: [string, string][]): Partial<WireAnswer> => ({ code: 0, lines: expect.arrayContaining(lines) })
const err = (code: number, text: string | RegExp, ...lines: [string, string][]) => ({
  code,
  text: typeof text === 'string' ? text : expect.stringMatching(text),
  lines: expect.arrayContaining(lines),
})
const none = ok(['none', '0'])

describe('claims', () => {
  test('a repeated claim gets the same attempt with the same lease', async () => {
    const { host, offer } = await hostWithJob()
    expect(offerOf(await host.claim(1))).toEqual(offer)
  })

  test('if two hosts claim at the same moment, each host gets its own job', async () => {
    const [vax, alpha] = [await newHost(), await newHost()]
    const build = await farm().push()
    await build.prepared()
    const [first, second] = await Promise.all([vax.job(1), alpha.job(1)])
    const { jobs } = await build.view()
    expect(jobs.find(job => job.host === vax.name)?.attempt).toBe(first.attempt)
    expect(jobs.find(job => job.host === alpha.name)?.attempt).toBe(second.attempt)
    expect([await vax.claim(1, { slot: 2 }), await alpha.claim(1, { slot: 2 })]).toMatchObject([none, none])
  })

  test('if four slots claim at the same moment, one slot gets the only job', async () => {
    const host = await newHost()
    await (await farm().push()).prepared()
    const slots = await Promise.all([1, 2, 3, 4].map(slot => host.claim(1, { slot, wait: 2 })))
    expect(slots.filter(offerOf).length).toBe(1)
  })

  test('if a host that has a job sends a claim with a larger number, the attempt of the job is lost, and the host gets the next attempt of the job', async () => {
    const { host, offer, job } = await hostWithJob()
    const next = await host.job(2)
    expect(next.attempt).toBe(offer.attempt.replace(/1$/, '2'))
    const { attempts } = await job.view()
    expect(attempts.at(-1)).toMatchObject({ verdict: 'lost', reason: 'forgotten' })
    expect(await host.finish(offer)).toMatchObject(err(410, /the lease is lost/))
  })

  test('the farm answers 409 to a claim with a smaller number, because the claim is a late duplicate', async () => {
    const { host } = await hostWithJob()
    expect(await host.claim(0)).toMatchObject(err(409, /^stale claim/, ['claim', '1']))
  })

  test('the farm answers 409 to a repeated claim whose job has ended', async () => {
    const { host, offer } = await hostWithJob()
    await host.finish(offer)
    expect(await host.claim(1)).toMatchObject(err(409, /^stale claim/, ['claim', '1']))
  })

  test('the farm answers 409 to a claim from a second agent of the same host', async () => {
    const { host } = await hostWithJob()
    const second = asSecondAgent(host)
    expect(await second.claim(2)).toMatchObject(err(409, /another agent runs as this host/))
    expect(await second.hello(['amd64'])).toMatchObject(err(409, /^another agent runs as host-.* stop one of them/))
  })

  test('the farm answers 409 to a claim from an agent whose successor has sent a hello', async () => {
    const host = await newHost()
    const successor = asSecondAgent(host)
    await successor.hello(['amd64'], [['previous', host.instance]])
    expect(await host.claim(1)).toMatchObject(err(409, /another agent runs as this host/))
    expect(await successor.claim(1)).toMatchObject(none)
  })
})

const asSecondAgent = (host: WireHost): WireHost =>
  Object.assign(Object.create(Object.getPrototypeOf(host)), host, { instance: 'second' })

describe('chunks of a log', () => {
  test('the farm stores a repeated chunk once, and answers 409 with the size of the stored log', async () => {
    const { host, offer, job } = await hostWithJob()
    expect(await host.progress(offer, 'hello\n')).toMatchObject(ok(['size', '6']))
    expect(await host.progress(offer, 'hello\n')).toMatchObject(err(409, 'offset', ['size', '6']))
    expect((await job.log()).toString()).toBe('hello\n')
  })

  test('if a chunk arrives several times at the same moment, the farm stores the chunk once', async () => {
    const { host, offer, job } = await hostWithJob()
    const text = 'x'.repeat(60_000)
    await Promise.all([host.progress(offer, text), host.progress(offer, text), host.progress(offer, text)])
    expect((await job.log()).toString()).toBe(text)
  })

  test('if a chunk has a wrong offset, the farm answers 409 with the right offset', async () => {
    const { host, offer } = await hostWithJob()
    await host.progress(offer, 'hello\n')
    expect(await host.progress(offer, 'beyond', { offset: 100 })).toMatchObject(err(409, 'offset', ['size', '6']))
    expect(await host.progress(offer, 'within', { offset: 3 })).toMatchObject(err(409, 'offset', ['size', '6']))
    expect(await host.progress(offer, 'right\n', { offset: 6 })).toMatchObject(ok(['size', '12']))
  })

  test.each([
    { what: 'with a wrong checksum', options: { sum: 'crc:1' }, text: /checksum "sum" does not match the body/ },
    { what: 'with a wrong md5', options: { sum: `md5:${'0'.repeat(32)}` }, text: /checksum/ },
    {
      what: 'that is incomplete',
      options: { length: 100 },
      text: /does not have the length that the parameter "len" names/,
    },
  ])('the farm answers 422 to a chunk $what, and does not store the chunk', async ({ options, text }) => {
    const { host, offer, job } = await hostWithJob()
    expect(await host.progress(offer, 'hello\n', options)).toMatchObject(err(422, text))
    expect((await job.log()).length).toBe(0)
  })

  test('the farm decodes a chunk in hexadecimal and stores its bytes', async () => {
    const { host, offer, job } = await hostWithJob()
    const bytes = Buffer.from([0, 1, 0xff, 10])
    const query = `lease=${offer.lease}&offset=0&len=4&sum=crc:${cksum(bytes)}&step=1&enc=hex`
    const path = `/agent/v1/attempts/${offer.attempt}/progress?${query}`
    expect(await host.post(path, Buffer.from(bytes.toString('hex')))).toMatchObject(ok(['size', '4']))
    expect(await job.log()).toEqual(bytes)
  })

  test('if a progress message has more steps than the recipe, the farm answers 400', async () => {
    const { host, offer } = await hostWithJob()
    const steps = Array.from({ length: 3 }, () => ({ exit: 0, milliseconds: 1, logBytes: 0 }))
    expect(await host.progress(offer, '', { steps })).toMatchObject(err(400, /more steps than the job has/))
  })

  test('if a log exceeds its limit, the answer of the farm cancels the job', async () => {
    const host = await newHost()
    await farm().project('short', { steps: [{ build: 'make' }], limits: { log: '1 kB' } })
    await farm().push('', 'short')
    const offer = await host.job(1)
    const answer = await host.progress(offer, 'x'.repeat(1001))
    expect(answer).toMatchObject(ok(['size', '1001'], ['cancel', 'log-limit']))
    const more = await host.progress(offer, 'more', { offset: 1001 })
    expect(more).toMatchObject(ok(['size', '1001'], ['cancel', 'log-limit']))
  })
})

describe('the end of a job', () => {
  test('the farm gives a repeated finish message the same answer, and stores one verdict', async () => {
    const { host, offer, job } = await hostWithJob()
    await host.progress(offer, 'done\n')
    expect(await host.finish(offer, 'done\n')).toMatchObject(ok(['verdict', 'passed']))
    expect(await host.finish(offer, 'done\n')).toMatchObject(ok(['verdict', 'passed']))
    expect((await job.view()).attempts).toMatchObject([{ verdict: 'passed' }])
  })

  test('if a finish message arrives several times at the same moment, the farm stores one verdict', async () => {
    const { host, offer, job } = await hostWithJob()
    const answers = await Promise.all([host.finish(offer), host.finish(offer), host.finish(offer)])
    expect(answers).toMatchObject([1, 2, 3].map(() => ok(['verdict', 'passed'])))
    expect((await job.view()).attempts.length).toBe(1)
  })

  test('the farm answers 410 to a finish message with a stale lease, and changes nothing', async () => {
    const { host, offer, job } = await hostWithJob()
    const stale = { lease: 'stale' }
    expect(await host.finish(offer, '', stale)).toMatchObject(err(410, /the lease is lost/))
    expect(await host.progress(offer, 'x', stale)).toMatchObject(err(410, /the lease is lost/))
    const source = await host.source({ ...offer, lease: 'stale' }, 1)
    expect(await source.text()).toMatch(/^err 410 the lease is lost/)
    expect(await job.view()).toMatchObject({ verdict: null, logBytes: 0 })
  })

  test('if a finish message arrives before the complete log, the farm answers 409 with the size of the stored log', async () => {
    const { host, offer } = await hostWithJob()
    await host.progress(offer, 'half')
    expect(await host.finish(offer, 'half and half')).toMatchObject(err(409, 'size', ['size', '4']))
    await host.progress(offer, ' and half', { offset: 4 })
    expect(await host.finish(offer, 'half and half')).toMatchObject(ok(['verdict', 'passed']))
  })

  test('if the checksum in a finish message does not match the log, the farm answers 409 with size 0, and accepts the log again', async () => {
    const { host, offer, job } = await hostWithJob()
    await host.progress(offer, 'wrong')
    expect(await host.finish(offer, 'right')).toMatchObject(err(409, 'size', ['size', '0']))
    expect(await host.progress(offer, 'right')).toMatchObject(ok(['size', '5']))
    expect(await host.finish(offer, 'right')).toMatchObject(ok(['verdict', 'passed']))
    expect((await job.log()).toString()).toBe('right')
  })

  test('a failed job shows the failed step', async () => {
    const { host, offer, job } = await hostWithJob()
    const steps = [
      { exit: 0, milliseconds: 1, logBytes: 0 },
      { exit: 271, milliseconds: 2, logBytes: 0 },
    ]
    expect(await host.finish(offer, '', { steps })).toMatchObject(ok(['verdict', 'failed']))
    expect(await job.view()).toMatchObject({ failedStep: 'tests', steps: [{ exit: 0 }, { exit: 143 }] })
  })
})

describe('messages without permission', () => {
  const messages: [string, (host: WireHost, offer: WireOffer) => Promise<WireAnswer>][] = [
    ['progress', (host, offer) => host.progress(offer, 'x')],
    ['finish', (host, offer) => host.finish(offer)],
  ]

  test.each(messages)('the farm answers 404 to a %s message for an attempt of another host', async (_, send) => {
    const { offer, job } = await hostWithJob()
    const stranger = await newHost()
    expect(await send(stranger, offer)).toMatchObject(err(404, 'this host has no such attempt'))
    expect(await job.view()).toMatchObject({ verdict: null, logBytes: 0 })
  })

  test.each(messages)('the farm answers 404 to a %s message for an attempt that cannot exist', async (_, send) => {
    const host = await newHost()
    const answer = await send(host, { attempt: '0.0', lease: 'x', lines: [] })
    expect(answer).toMatchObject(err(404, 'this host has no such attempt'))
  })

  test('the farm answers 410 to a request for the sources of another host’s attempt', async () => {
    const { offer } = await hostWithJob()
    const stranger = await newHost()
    expect(await (await stranger.source(offer, 1)).text()).toMatch(/^err 410 /)
  })

  test.each(['hello', 'claim', 'bye', 'attempts/1.1/progress', 'attempts/1.1/finish', 'nonsense'])(
    'the farm rejects a request to %s with an unknown credential',
    async path => {
      const host = Object.assign(await newHost(), { credential: 'rfh-nobody' })
      expect(await host.post(`/agent/v1/${path}`, [])).toMatchObject(
        path === 'nonsense' ? err(404, /there is no POST \/agent\/v1\/nonsense/) : err(401, /credential is not known/),
      )
    },
  )

  test('the farm answers 404 to a request for a source that the attempt does not have', async () => {
    const { host, offer } = await hostWithJob()
    expect(await (await host.source(offer, 2)).text()).toMatch(/^err 404 this attempt has 1 sources/)
  })
})
