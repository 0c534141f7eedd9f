import { expect, test } from 'vitest'
import { readGreeting, readIntroduction } from './host-facts.ts'

test('long values of a host are cut between characters', () => {
  const read = readIntroduction(Buffer.from(`version 1.0.0\ncpu ${'x'.repeat(999)}😀\nend\n`))
  expect(read).toMatchObject({ kind: 'read', value: { facts: { cpu: 'x'.repeat(999) } } })
  const greeting = readGreeting([
    ['instance', 'i1'],
    ['arch', `vax native ${'x'.repeat(199)}😀`],
  ])
  expect(greeting).toMatchObject({ value: { arches: [{ compiler: 'x'.repeat(199) }] } })
})
