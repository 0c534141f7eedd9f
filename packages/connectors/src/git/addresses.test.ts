import { describe, expect, test } from 'vitest'
import { addressProblem, hideSecrets, localPath, mirrorName } from './addresses.ts'

describe('secrets are hidden, and nothing else', () => {
  test.each([
    ['https://ada:s3cret@forge.example/x', 'https://***@forge.example/x'],
    ['https://ghp_token@forge.example/x', 'https://***@forge.example/x'],
    ['https://ada:s3@cret@forge.example/x', 'https://***@forge.example/x'],
    ['ssh://git:s3@cret@forge.example/x', 'ssh://git:***@forge.example/x'],
    ['HTTPS://ghp_token@forge.example/x', 'HTTPS://***@forge.example/x'],
    ["fatal: unable to access 'http://a:b@h/x/': no", "fatal: unable to access 'http://***@h/x/': no"],
    ['ssh://git:s3cret@forge.example/x', 'ssh://git:***@forge.example/x'],
    ['https://h/x?private_token=abc&y=1', 'https://h/x?private_token=***&y=1'],
    ['ssh://git@forge.example/x', 'ssh://git@forge.example/x'],
    ['git@forge.example:x', 'git@forge.example:x'],
    ['https://forge.example/@scope/x', 'https://forge.example/@scope/x'],
    ['/srv/x', '/srv/x'],
  ])('%s', (text, shown) => expect(hideSecrets(text)).toBe(shown))
})

describe("a mirror's name", () => {
  test('can be read, and holds no secret', () => {
    const url = 'https://ada:s3cret@github.com/rumpkernel/buildrump.sh.git'
    expect(mirrorName(url, url)).toMatch(/^github-com-rumpkernel-buildrump-sh-[0-9a-f]{12}\.git$/)
  })

  test.each([
    ['https://h/a/b', 'https://h/a-b'],
    ['https://h/x', 'https://h/x.git'],
    ['/srv/x', '/srv/./x'],
  ])('%s and %s have two', (one, other) => expect(mirrorName(one, one)).not.toBe(mirrorName(other, other)))

  test('is another when the repository is taken from elsewhere', () => {
    expect(mirrorName('https://h/x', 'https://h/x')).not.toBe(mirrorName('https://h/x', '/srv/x'))
  })
})

test.each([
  ['/srv/x', '/srv/x'],
  ['file:///srv/a%20b', '/srv/a b'],
  ['file://host/srv/x', undefined],
  ['https://h/x', undefined],
  ['h:x', undefined],
])('%s is the directory %s', (repository, path) => expect(localPath(repository)).toBe(path))

test.each(['/srv/x', 'https://h/x', 'ssh://git@h:22/x', 'git@h:x', 'h:x/y', 'file:///srv/x'])(
  '%s may be given to git',
  text => expect(addressProblem(text)).toBeUndefined(),
)

test.each([
  { repository: '/home/ada/my farm', problem: undefined },
  { repository: 'https://forge.example/my farm', problem: expect.stringContaining('has spaces') },
  { repository: '/srv/two\nlines', problem: expect.stringContaining('has spaces') },
])('only a path on this machine may have spaces: $repository', ({ repository, problem }) => {
  expect(addressProblem(repository)).toEqual(problem)
})
