import { expect, test } from 'vitest'
import { type Acknowledgement, acknowledgementOf } from './acknowledged.rule.ts'

const at = new Date('2024-05-06T07:08:09Z')
const failing = { project: 'sample', branch: 'main', host: 'vax', arch: 'vax', variant: 'static', fingerprint: 'f1' }
const text = { id: 1, note: 'known', owner: 'Ada', link: null, createdAt: at, expiresAt: at }
const none = { branch: null, host: null, arch: null, variant: null }
const forCell: Acknowledgement = { ...text, ...failing, kind: 'cell' }
const forFingerprint: Acknowledgement = { ...text, ...none, project: 'sample', kind: 'fingerprint', fingerprint: 'f1' }

test.each<[string, Acknowledgement, Partial<typeof failing> | { fingerprint: null }, boolean]>([
  ['of the cell', forCell, {}, true],
  ['of another host', forCell, { host: 'sun' }, false],
  ['of another branch', forCell, { branch: 'next' }, false],
  ['of the cell with another failure', forCell, { fingerprint: 'f2' }, false],
  ['of the cell before the examination', { ...forCell, fingerprint: null }, { fingerprint: 'f2' }, true],
  ['of the fingerprint', forFingerprint, { host: 'sun', branch: 'next' }, true],
  ['of another fingerprint', forFingerprint, { fingerprint: 'f2' }, false],
  ['of the fingerprint in another project', forFingerprint, { project: 'other' }, false],
  ['of the fingerprint, for a failure that is not examined', forFingerprint, { fingerprint: null }, false],
])('an acknowledgement %s covers a failure: %#', (_, acknowledged, changes, covered) =>
  expect(acknowledgementOf({ ...failing, ...changes }, [acknowledged]) !== null).toBe(covered),
)
