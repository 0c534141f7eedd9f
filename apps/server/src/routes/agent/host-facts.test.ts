import { expect, test } from 'vitest'
import { readHello, readHostFacts } from './host-facts.ts'

test('the server shortens a host’s long values, and does not cut a character in half', () => {
  const read = readHostFacts(Buffer.from(`version 1.0.0\ncpu ${'x'.repeat(999)}😀\nend\n`))
  expect(read).toMatchObject({ kind: 'read', value: { facts: { cpu: 'x'.repeat(999) } } })
  const hello = readHello([
    ['instance', 'i1'],
    ['arch', `vax native ${'x'.repeat(199)}😀`],
  ])
  expect(hello).toMatchObject({ value: { arches: [{ compiler: 'x'.repeat(199) }] } })
})
