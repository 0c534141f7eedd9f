import { expect, test } from 'vitest'
import { read, verify } from './delivery.ts'
import { forgeKinds } from './event.ts'
import { recognise } from './recognise.ts'
import { signedPing } from './signed-ping.ts'

const now = new Date('2026-11-30T00:00:00Z')
const id = '13792a34-cac6-4fda-95a8-c58e00a3954e'
const whsec = `whsec_${Buffer.from('a secret of the farm, 32 bytes !').toString('base64')}`

test.each(forgeKinds.filter(kind => kind !== 'sourcehut'))(
  'the farm recognises and accepts its own test of %s, and builds nothing',
  kind => {
    for (const secret of kind === 'generic' ? [whsec] : [whsec, 'a plain secret of the farm']) {
      const { headers, body } = signedPing(kind, secret, id, now) ?? { headers: {}, body: '' }
      const bytes = Buffer.from(body)
      expect(recognise(headers)).toBe(kind)
      const signed = { headers, body: bytes, now }
      expect(verify(kind, { ...signed, secrets: ['another secret of the farm', secret] })).toEqual({
        kind: 'valid',
        secret: 1,
      })
      expect(verify(kind, { ...signed, secrets: ['another secret of the farm'] })).not.toMatchObject({ kind: 'valid' })
      expect(read(kind, headers, bytes)).toMatchObject({ kind: 'ping' })
    }
  },
)

test('only sourcehut can sign its deliveries', () => {
  expect(signedPing('sourcehut', 'ed25519:x', id, now)).toBeUndefined()
})
