import { expect, test } from 'vitest'
import { sameRepository } from './same-repository.ts'

const one = 'https://github.com/rumpkernel/buildrump.sh'

test.each([
  'https://github.com/rumpkernel/buildrump.sh.git',
  'https://github.com/rumpkernel/buildrump.sh/',
  'https://github.com//rumpkernel//buildrump.sh.git',
  'https://github.com/x/../rumpkernel/buildrump.sh',
  'https://GitHub.com:443/rumpkernel/buildrump.sh.git/',
  'https://github.com./rumpkernel/buildrump.sh',
  'https://www.github.com/rumpkernel/buildrump.sh',
  'https://ada:secret@github.com/rumpkernel/buildrump.sh',
  'http://github.com/rumpkernel/buildrump.sh',
  'http://github.com:80/rumpkernel/buildrump.sh',
  'HTTPS://github.com/rumpkernel/buildrump.sh',
  'git@github.com:rumpkernel/buildrump.sh.git',
  'GITHUB.com:rumpkernel/buildrump.sh',
  'git@github.com:/rumpkernel/buildrump.sh',
  '[git@github.com:22]:rumpkernel/buildrump.sh.git',
  '[github.com]:rumpkernel/buildrump.sh.git',
  'ssh://git@github.com/rumpkernel/buildrump.sh.git',
  'ssh://git@github.com:2222/rumpkernel/buildrump.sh.git',
  'ssh://git@ssh.github.com:443/rumpkernel/buildrump.sh.git',
  'git+ssh://git@github.com/rumpkernel/buildrump.sh.git',
  'git://github.com/rumpkernel/buildrump.sh.git',
  'git://github.com:9418/rumpkernel/buildrump.sh.git',
  'https://github.com/rumpkernel/%62uildrump.sh',
  // On github.com the case of a path does not count.
  'https://github.com/RumpKernel/Buildrump.SH',
  'git@github.com:RUMPKERNEL/BUILDRUMP.SH.GIT',
])('%s is an address of the same repository', other => {
  expect(sameRepository(one, other)).toBe(true)
  expect(sameRepository(other, one)).toBe(true)
})

test.each([
  'https://github.com/rumpkernel/buildrump',
  'https://github.com/rumpkernel/buildrump.sh.git.git',
  'https://github.com/rumpkernel/buildrump.sh/x',
  'https://github.com.evil.example/rumpkernel/buildrump.sh',
  'https://github.com@evil.example/rumpkernel/buildrump.sh',
  'https://github.com:8443/rumpkernel/buildrump.sh',
  'https://gitlab.com/rumpkernel/buildrump.sh',
  'git@evil.example:github.com/rumpkernel/buildrump.sh',
  // A slash before the colon makes a path of it, as git reads it.
  './git@github.com:rumpkernel/buildrump.sh',
  '/git@github.com:rumpkernel/buildrump.sh',
  '../github.com/rumpkernel/buildrump.sh',
  'github.com/rumpkernel/buildrump.sh',
  '/github.com/rumpkernel/buildrump.sh',
  'file:///github.com/rumpkernel/buildrump.sh',
  'file://github.com/rumpkernel/buildrump.sh',
  'https://',
  'https://github.com/',
  'git@github.com:',
  ':rumpkernel/buildrump.sh',
  '@github.com:rumpkernel/buildrump.sh',
  '',
])('%j is not an address of the same repository', other => {
  expect(sameRepository(one, other)).toBe(false)
  expect(sameRepository(other, one, { anyCase: true })).toBe(false)
})

test.each([
  ['https://git.example.org:3000/rump/sample.git', 'https://git.example.org:3000/rump/sample', true],
  ['https://git.example.org:3000/rump/sample.git', 'https://git.example.org/rump/sample', false],
  ['git@git.example.org:rump/sample.git', 'ssh://git@git.example.org:7999/rump/sample.git', true],
  ['git@git.sr.ht:~ada/sample', 'https://git.sr.ht/~ada/sample', true],
  ['git@[::1]:rump/sample', 'ssh://git@[::1]:2222/rump/sample', true],
  ['[git@::1]:rump/sample', 'http://[::1]/rump/sample', true],
  ['git@bücher.example:rump/sample', 'https://xn--bcher-kva.example/rump/sample', true],
  ['/srv/git/sample/.git', '/srv/git/sample', true],
  ['/srv/git/sample.git/', '/srv/git//sample', true],
  ['/srv/git/x y.git', 'file:///srv/git/x%20y/', true],
  ['./git@host:rump/sample', './git@host:rump/sample', true],
  ['./git@host:rump/sample', 'git@host:rump/sample', false],
  ['hg+https://hg.example.org/rump', 'https://hg.example.org/rump', true],
])('%s and %s: %s', (first, second, same) => {
  expect(sameRepository(first, second)).toBe(same)
  expect(sameRepository(second, first)).toBe(same)
})

test('the case of a path counts on an unknown host, unless its forge ignores it', () => {
  const [small, capital] = ['https://git.example.org/rump/sample', 'git@git.example.org:Rump/SAMPLE.git']
  expect(sameRepository(small, capital)).toBe(false)
  expect(sameRepository(small, capital, { anyCase: true })).toBe(true)
  expect(sameRepository(small, 'https://git.example.org/rump/other', { anyCase: true })).toBe(false)
})

test('the case of a path on this machine always counts', () => {
  expect(sameRepository('/srv/git/x', '/srv/git/X', { anyCase: true })).toBe(false)
})
