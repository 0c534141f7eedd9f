import { expect, test } from 'vitest'
import { sameRepository } from './same-repository.ts'

const one = 'https://github.com/rumpkernel/buildrump.sh'

test.each([
  'https://github.com/rumpkernel/buildrump.sh.git',
  'https://github.com/rumpkernel/buildrump.sh/',
  'https://GitHub.com:443/rumpkernel/buildrump.sh.git/',
  'https://ada:secret@github.com/rumpkernel/buildrump.sh',
  'http://github.com/rumpkernel/buildrump.sh',
  'git@github.com:rumpkernel/buildrump.sh.git',
  'GITHUB.com:rumpkernel/buildrump.sh',
  'git@github.com:/rumpkernel/buildrump.sh',
  'ssh://git@github.com/rumpkernel/buildrump.sh.git',
  'ssh://git@github.com:2222/rumpkernel/buildrump.sh.git',
  'git+ssh://git@github.com/rumpkernel/buildrump.sh.git',
  'git://github.com/rumpkernel/buildrump.sh.git',
  'https://github.com/rumpkernel/%62uildrump.sh',
])('%s is an address of the same repository', other => {
  expect(sameRepository(one, other)).toBe(true)
  expect(sameRepository(other, one)).toBe(true)
})

test.each([
  'https://github.com/rumpkernel/buildrump',
  'https://github.com/rumpkernel/Buildrump.sh',
  'https://github.com.evil.example/rumpkernel/buildrump.sh',
  'https://github.com:8443/rumpkernel/buildrump.sh',
  'https://gitlab.com/rumpkernel/buildrump.sh',
  '/github.com/rumpkernel/buildrump.sh',
  'file:///github.com/rumpkernel/buildrump.sh',
  'https://github.com/',
  '',
])('%j is not an address of the same repository', other => expect(sameRepository(one, other)).toBe(false))

test('`anyCase` ignores the case of a path on a forge, but not the case of a path on this machine', () => {
  const anyCase = { anyCase: true }
  expect(sameRepository(one, 'https://github.com/RumpKernel/Buildrump.SH', anyCase)).toBe(true)
  expect(sameRepository(one, 'git@github.com:RUMPKERNEL/buildrump.sh.git', anyCase)).toBe(true)
  expect(sameRepository(one, 'https://github.com/rumpkernel/other', anyCase)).toBe(false)
  expect(sameRepository('/srv/git/x', '/srv/git/X', anyCase)).toBe(false)
})

test('a path and its file URL name the same repository', () => {
  expect(sameRepository('/srv/git/x y.git', 'file:///srv/git/x%20y/')).toBe(true)
})
