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

test('a host runs code from forks only if its agent says so', () => {
  const rulesOf = (...line: [string, string]) => readHello([['instance', 'i1'], line])
  expect(rulesOf('forks', 'yes')).toMatchObject({
    value: { rules: [{ verb: 'allow-forks', project: '*', branches: [] }] },
  })
  expect(rulesOf('forks', 'no')).toMatchObject({ value: { rules: [] } })
  // An agent that does not know the rule sends the line of host.conf, about a project with the name forks.
  expect(rulesOf('allow', 'forks')).toMatchObject({ value: { rules: [{ verb: 'allow', project: 'forks' }] } })
})
