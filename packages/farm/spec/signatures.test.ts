import { createHash, createHmac } from 'node:crypto'
import { requestText } from '@rumpfarm/contracts'
import { expect } from 'vitest'
import type { Signer } from '../src/index.ts'
import { farmTest, type TestFarm } from './farm-test.ts'

const signerNamed = async (farm: TestFarm, name: string) => (await farm.access.findSigners([name])).get(name)

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Enrols a host that signs its requests. Returns its key. */
async function signing(farm: TestFarm, name: string): Promise<Signer> {
  const invited = await farm.hosts.invite(name)
  if (invited.kind !== 'invited') throw new Error(invited.kind)
  const { token } = invited
  expect(await signerNamed(farm, sha256(token))).toMatchObject({ invitation: { token } })
  const joined = await farm.hosts.enroll({ token, nonce: 'n1', version: '1.0.0', facts: {}, signed: true })
  expect(joined).toMatchObject({ kind: 'enrolled', credential: undefined })
  const signer = await signerNamed(farm, name)
  if (!signer) throw new Error(`there is no signer ${name}`)
  return signer
}

/** Sends request number `count` of the process `run`. The clock of the process is `late` seconds behind. */
const ask = (farm: TestFarm, signer: Signer, count: number, { run = 'r1', late = 0, key = signer.key } = {}) => {
  const by = signer.host?.name ?? ''
  const time = Math.floor(farm.now().getTime() / 1000) - late
  const target = `/agent/v1/bye?by=${by}&time=${time}&nonce=${run}.${count}`
  const signature = createHmac('sha256', key)
    .update(requestText('POST', target, sha256('')))
    .digest('hex')
  const request = {
    by,
    time,
    run,
    count,
    nonce: `${run}.${count}`,
    signature,
    target,
    method: 'POST',
    bodySum: sha256(''),
  }
  return farm.access.checkSignature(signer.key, request).then(({ kind }) => kind)
}

farmTest(
  'the farm accepts each request number of a process once, and never a lower number after a higher number',
  async ({ farm }) => {
    const vax = await signing(farm, 'vax')
    expect(await ask(farm, vax, 1)).toBe('good')
    expect(await ask(farm, vax, 1)).toBe('replayed')
    expect(await ask(farm, vax, 3)).toBe('good')
    expect(await ask(farm, vax, 2)).toBe('replayed')
    expect(await ask(farm, vax, 1, { run: 'r2' })).toBe('good') // another process
    expect(await ask(farm, await signing(farm, 'sun'), 1)).toBe('good') // another host
  },
)

farmTest('if equal requests arrive at the same moment, the farm accepts one of them', async ({ farm }) => {
  const vax = await signing(farm, 'vax')
  const kinds = await Promise.all(Array.from({ length: 5 }, () => ask(farm, vax, 7)))
  expect(kinds.sort()).toEqual(['good', 'replayed', 'replayed', 'replayed', 'replayed'])
})

farmTest('the farm accepts no forged, late or early request', async ({ farm }) => {
  const vax = await signing(farm, 'vax')
  expect(await ask(farm, vax, 5, { key: 'p'.repeat(64) })).toBe('forged')
  expect(await ask(farm, vax, 5, { late: 301 })).toBe('wrong-time')
  expect(await ask(farm, vax, 5, { late: -301 })).toBe('wrong-time')
  expect(await ask(farm, vax, 1, { late: 300 })).toBe('good')
})

farmTest('the farm keeps the row of a process until its requests are too old to be accepted', async ({ farm }) => {
  const vax = await signing(farm, 'vax')
  await ask(farm, vax, 1, { late: -300 }) // the clock is 5 min ahead, so the request is valid for 10 min
  farm.wait(600)
  expect((await farm.access.deleteOldSignedRuns()).count).toBe(0)
  expect(await ask(farm, vax, 1, { late: 300 })).toBe('replayed')
  farm.wait(301)
  expect((await farm.access.deleteOldSignedRuns()).count).toBe(1)
})

farmTest('a host that signs requests has no credential, and a host with a credential has no key', async ({ farm }) => {
  const vax = await signing(farm, 'vax')
  expect(vax.key).toMatch(/^[a-p]{64}$/)
  expect(await farm.hosts.findByCredentials([vax.key])).toEqual(new Map())
  await farm.host('sun')
  expect(await signerNamed(farm, 'sun')).toBeUndefined()
  await farm.hosts.remove('vax')
  expect(await signerNamed(farm, 'vax')).toBeUndefined()
})
