import { describe, expect, test } from 'vitest'
import { addressProblem, localPath, mirrorName } from './addresses.ts'

describe('the name of a mirror', () => {
  test('the name of a mirror is readable and contains no secret', () => {
    const url = 'https://ada:s3cret@github.com/rumpkernel/buildrump.sh.git'
    expect(mirrorName(url, url)).toMatch(/^github-com-rumpkernel-buildrump-sh-[0-9a-f]{12}\.git$/)
  })

  test.each([
    ['https://h/a/b', 'https://h/a-b'],
    ['https://h/x', 'https://h/x.git'],
    ['/srv/x', '/srv/./x'],
  ])('the mirrors of the repositories %s and %s have different names', (one, other) =>
    expect(mirrorName(one, one)).not.toBe(mirrorName(other, other)),
  )

  test('if the farm reads a repository from another address, the name of the mirror changes', () => {
    expect(mirrorName('https://h/x', 'https://h/x')).not.toBe(mirrorName('https://h/x', '/srv/x'))
  })
})

test.each([
  ['/srv/x', '/srv/x'],
  ['file:///srv/a%20b', '/srv/a b'],
  ['file://host/srv/x', undefined],
  ['https://h/x', undefined],
  ['h:x', undefined],
])('the directory of the repository %s is %s', (repository, path) => expect(localPath(repository)).toBe(path))

test.each(['/srv/x', 'https://h/x', 'ssh://git@h:22/x', 'git@h:x', 'h:x/y', 'file:///srv/x'])(
  'the farm accepts the address %s',
  text => expect(addressProblem(text)).toBeUndefined(),
)

test.each([
  { repository: '/home/ada/my farm', problem: undefined },
  { repository: 'https://forge.example/my farm', problem: expect.stringContaining('has spaces') },
  { repository: '/srv/two\nlines', problem: expect.stringContaining('has spaces') },
])('a path may have spaces, but a URL or a line break may not: $repository', ({ repository, problem }) => {
  expect(addressProblem(repository)).toEqual(problem)
})
