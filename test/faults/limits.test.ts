// Each part of a host’s message has a limit. If a message exceeds a limit, the answer names the limit.
import type { WireLine } from '@rumpfarm/contracts'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Invitation } from '../support/agent-host.ts'
import { sharedFarm } from '../support/farm-test.ts'
import { tokenOf, WireHost, type WireOffer } from '../support/wire-host.ts'

const farm = sharedFarm()
let host: WireHost
let offer: WireOffer
beforeAll(async () => {
  host = await farm().wireHost('vax')
  await farm().push()
  offer = await host.job(1)
})

const err = (code: number, text: RegExp) => ({ code, text: expect.stringMatching(text) })
const lines = (count: number): WireLine[] => Array.from({ length: count }, (_, number) => [`k${number}`, 'x'])
const arches = (count: number) => Array.from({ length: count }, (_, number) => `arch${number}`)

describe('limits of a request body', () => {
  test('the farm answers 413 to a body of more than 1 MiB', async () => {
    const body = Buffer.alloc(1024 * 1024 + 1)
    const answer = await host.post(`/agent/v1/attempts/${offer.attempt}/progress?lease=${offer.lease}&offset=0`, body)
    expect(answer).toMatchObject(err(413, /^a body can have at most 1048576 bytes$/))
  })

  test('the farm answers 400 to a body of more than 4096 lines', async () => {
    expect(await host.post('/agent/v1/hello', lines(4097))).toMatchObject(err(400, /^more than 4096 lines$/))
  })

  test('the farm answers 400 to an incomplete body', async () => {
    const answer = await host.post('/agent/v1/hello', Buffer.from('version 1.0.0\n'))
    expect(answer).toMatchObject(err(400, /the last line is not "end": the body is incomplete/))
  })

  test('if a line has no key, the farm answers 400 with the number of the line', async () => {
    const answer = await host.post('/agent/v1/hello', Buffer.from('version 1.0.0\n -x\nend\n'))
    expect(answer).toMatchObject(err(400, /^line 2 has no key: " -x"$/))
  })
})

describe('limits of a hello', () => {
  test.each<[string, WireLine[], RegExp]>([
    ['of 65 slots', [['slots', 65]], /^"slots" must be a number from 1 to 64$/],
    ['of no slots', [['slots', 0]], /^"slots" must be a number from 1 to 64$/],
    ['of half a slot', [['slots', '0.5']], /^"slots" must be a number from 1 to 64$/],
    ['with a malformed instance', [['instance', '../x']], /^the line "instance" is missing or malformed$/],
    ['with a malformed predecessor', [['previous', '-x']], /^the line "previous" is malformed$/],
    [
      'with an arch that is neither native nor cross',
      [['arch', 'vax foreign cc']],
      /must have the form: arch NAME native\|cross COMPILER$/,
    ],
    ['with an arch of 65 characters', [['arch', `${'x'.repeat(65)} native`]], /must have the form: arch NAME/],
    ['with 201 facts', lines(201), /^more than 200 facts$/],
    ['for protocol 2', [['protocol', 2]], /^this farm supports protocol 1, not 2$/],
    ['without a version', [['version', '']], /^the line "version" is missing or malformed$/],
  ])('the farm answers 400 to a hello %s', async (_, changes, text) => {
    const usual: WireLine[] = [
      ['version', '1.0.0'],
      ['instance', host.instance],
      ['slots', 1],
    ]
    const given = new Set(changes.map(([key]) => key))
    const body = [...usual.filter(([key]) => !given.has(key)), ...changes]
    expect(await host.post('/agent/v1/hello', body)).toMatchObject(err(400, text))
  })

  test('the farm answers 400 to a hello with 65 arches or with the same arch twice', async () => {
    expect(await host.hello(arches(65))).toMatchObject(err(400, /^more than 64 arches$/))
    expect(await host.hello(['vax', 'vax'])).toMatchObject(err(400, /^an arch is declared twice$/))
  })
})

describe('limits of a claim', () => {
  test.each([
    ['without an instance', 'slot=1&claim=1', /^the parameter "instance" is missing$/],
    ['for slot 0', 'instance=i&slot=0&claim=1', /^the parameter "slot" must be a number, 1 or larger$/],
    [
      'with a number of ten digits',
      'instance=i&slot=1&claim=1000000000',
      /^the parameter "claim" must be a number of at most 9 digits$/,
    ],
  ])('the farm answers 400 to a claim %s', async (_, query, text) => {
    expect(await host.post(`/agent/v1/claim?${query}`, [])).toMatchObject(err(400, text))
  })
})

describe('limits of a progress message', () => {
  test.each([
    ['without a lease', 'offset=0&len=0', 400, /^the parameters "lease" and "offset" are needed$/],
    ['without an offset', 'lease=x&len=0', 400, /^the parameters "lease" and "offset" are needed$/],
    ['with half a step', 'lease=LEASE&offset=0&len=0&steps=0:1', 400, /^the parameter "steps" is malformed/],
    [
      'with 65 steps',
      `lease=LEASE&offset=0&len=0&steps=${Array(65).fill('0:1:1').join(',')}`,
      400,
      /"steps" is malformed/,
    ],
    ['with invalid hexadecimal', 'lease=LEASE&offset=0&len=1&enc=hex', 422, /does not have the length/],
  ])('the farm rejects a progress message %s, and answers %3$i', async (_, query, code, text) => {
    const path = `/agent/v1/attempts/${offer.attempt}/progress?${query.replace('LEASE', offer.lease)}`
    expect(await host.post(path, Buffer.from(query.includes('hex') ? 'zz' : ''))).toMatchObject(err(code, text))
  })
})

describe('limits of a finish message', () => {
  test.each<[string, WireLine[], RegExp]>([
    ['with an unknown reason', [['reason', 'whim']], /^the line "reason" must be one of exit, cancelled, /],
    ['with malformed steps', [['steps', 'x']], /^the line "steps" is malformed$/],
    [
      'with a log size of ten digits',
      [['logsize', '1000000000']],
      /^the line "logsize" is not a number of at most 9 digits$/,
    ],
    ['with an unknown kind of checksum', [['sum', 'sha1:00']], /^the line "sum" is malformed$/],
    [
      'with more steps than the recipe has',
      [['steps', '0:1:1,0:1:1']],
      /^the line "steps" names more steps than the job has$/,
    ],
  ])('the farm answers 400 to a finish message %s', async (_, changes, text) => {
    const given = new Set(changes.map(([key]) => key))
    const usual: WireLine[] = [
      ['reason', 'exit'],
      ['logsize', 0],
    ]
    const path = `/agent/v1/attempts/${offer.attempt}/finish?lease=${offer.lease}`
    const answer = await host.post(path, [...usual.filter(([key]) => !given.has(key)), ...changes])
    expect(answer).toMatchObject(err(400, text))
  })

  test('the farm answers 400 to a finish message without a lease', async () => {
    const answer = await host.post(`/agent/v1/attempts/${offer.attempt}/finish`, [['reason', 'exit']])
    expect(answer).toMatchObject(err(400, /^the parameter "lease" is needed$/))
  })
})

test.each([
  ['token', [['nonce', 'n']]],
  ['nonce', [['token', 't']]],
] as [string, WireLine[]][])('the farm answers 400 to an enrolment without a %s', async (_, body) => {
  const answer = await host.post('/agent/v1/enroll', [...body, ['version', '1.0.0']])
  expect(answer).toMatchObject(err(400, /^the lines "token" and "nonce" are needed$/))
})

test('the farm shortens long texts of a host to their limits', async () => {
  const { line } = await farm().api().post<Invitation>('/api/v1/hosts/invitations', { name: 'chatty' })
  const chatty = new WireHost(farm().url, 'chatty')
  await chatty.enrol(tokenOf(line))
  await chatty.hello(
    [],
    [
      ['uname_v', 'v'.repeat(1500)],
      ['arch', `vax native ${'c'.repeat(500)}`],
    ],
  )
  await chatty.claim(1, { body: [['refuse', `because ${'x'.repeat(1000)}`]] })
  const {
    facts,
    arches: declared,
    refusal,
  } = await farm().api().get<{
    facts: Record<string, string>
    arches: { compiler: string }[]
    refusal: string
  }>('/api/v1/hosts/chatty')
  expect([facts.uname_v?.length, declared[0]?.compiler.length, refusal.length]).toEqual([1000, 200, 500])
})
