import { expect, test } from 'vitest'
import { commitLink, compareLink, repositoryLink } from './web-links.ts'

const before = '1'.repeat(40)
const after = 'a'.repeat(40)

test.each([
  ['https://github.com/ada/x.git', `https://github.com/ada/x/compare/${before}...${after}`],
  ['git@github.com:ada/x.git', `https://github.com/ada/x/compare/${before}...${after}`],
  ['ssh://git@github.com:22/ada/x', `https://github.com/ada/x/compare/${before}...${after}`],
  ['git://github.com/ada/x.git/', `https://github.com/ada/x/compare/${before}...${after}`],
  ['https://github.example.org/ada/x', `https://github.example.org/ada/x/compare/${before}...${after}`],
  ['https://gitlab.com/group/sub/x.git', `https://gitlab.com/group/sub/x/-/compare/${before}...${after}`],
  ['https://gitlab.example.org:8443/g/x', `https://gitlab.example.org:8443/g/x/-/compare/${before}...${after}`],
  ['ssh://git@gitlab.example.org:2222/g/x', `https://gitlab.example.org/g/x/-/compare/${before}...${after}`],
  ['http://gitea.example.org:3000/g/x', `https://gitea.example.org/g/x/compare/${before}...${after}`],
  ['https://codeberg.org/ada/x.git', `https://codeberg.org/ada/x/compare/${before}...${after}`],
  ['https://forgejo.example.org/ada/x', `https://forgejo.example.org/ada/x/compare/${before}...${after}`],
  ['https://bitbucket.org/ada/x.git', `https://bitbucket.org/ada/x/branches/compare/${after}..${before}`],
  ['https://git.sr.ht/~ada/x', `https://git.sr.ht/~ada/x/log/${after}`],
  ['git@git.sr.ht:~ada/x', `https://git.sr.ht/~ada/x/log/${after}`],
  [
    'https://git.kernel.org/pub/scm/git/git.git',
    `https://git.kernel.org/pub/scm/git/git.git/log/?qt=range&q=${before}..${after}`,
  ],
  ['https://git.example.org/cgit/x.git/', `https://git.example.org/cgit/x.git/log/?qt=range&q=${before}..${after}`],
  ['/srv/git/x', undefined],
  ['../x', undefined],
  ['file:///srv/git/github.com/x', undefined],
  ['C:/git/github.com/x', undefined],
  ['https://git.example.org/x.git', undefined],
  ['https://notgithub.example.org/x', undefined],
  [
    'https://bitbucket.example.org/scm/a/x.git',
    `https://bitbucket.example.org/projects/a/repos/x/compare/commits?sourceBranch=${after}&targetBranch=${before}`,
  ],
  ['ssh://git@bitbucket.example.org:7999/a/x.git', undefined],
  ['https://gitweb.example.org/x.git', `https://gitweb.example.org/?p=x.git;a=shortlog;h=${after};hp=${before}`],
  [
    'https://git.example.org/gitweb/a/x.git/',
    `https://git.example.org/gitweb/?p=a/x.git;a=shortlog;h=${after};hp=${before}`,
  ],
  ['https://github.com/ada/x?token=secret', `https://github.com/ada/x/compare/${before}...${after}`],
  ['https://github.com/"><b>/x', `https://github.com/%22%3E%3Cb%3E/x/compare/${before}...${after}`],
  ['git@github.com:"><b>/x', undefined],
  ['ada:secret@github.com:ada/x', undefined],
  ['https://github.com', undefined],
])('the comparison of two commits of %s is at %s', (repository, link) => {
  expect(compareLink(repository, before, after)).toBe(link)
})

test('a link has no user name and no password of the address', () => {
  expect(compareLink('https://ada:secret@github.com/ada/x', before, after)).toBe(
    `https://github.com/ada/x/compare/${before}...${after}`,
  )
  expect(commitLink('https://***@github.com/ada/x', after)).toBe(`https://github.com/ada/x/commit/${after}`)
})

test('equal commits, and words that are no commits, have no link', () => {
  expect(compareLink('https://github.com/ada/x', after, after)).toBeUndefined()
  expect(compareLink('https://github.com/ada/x', 'main', after)).toBeUndefined()
  expect(commitLink('https://github.com/ada/x', '../../x')).toBeUndefined()
})

test.each([
  ['https://github.com/ada/x.git', `https://github.com/ada/x/commit/${after}`],
  ['https://gitlab.com/g/x', `https://gitlab.com/g/x/-/commit/${after}`],
  ['https://codeberg.org/g/x', `https://codeberg.org/g/x/commit/${after}`],
  ['https://bitbucket.org/g/x', `https://bitbucket.org/g/x/commits/${after}`],
  ['https://git.sr.ht/~ada/x', `https://git.sr.ht/~ada/x/commit/${after}`],
  ['https://git.kernel.org/x.git', `https://git.kernel.org/x.git/commit/?id=${after}`],
  ['https://gitweb.example.org/x.git', `https://gitweb.example.org/?p=x.git;a=commit;h=${after}`],
  ['https://bitbucket.example.org/scm/a/x.git', `https://bitbucket.example.org/projects/a/repos/x/commits/${after}`],
  ['/srv/git/x', undefined],
])('a commit of %s is at %s', (repository, link) => expect(commitLink(repository, after)).toBe(link))

test.each([
  ['git@github.com:ada/x.git', 'https://github.com/ada/x'],
  ['https://ada:secret@gitlab.example.org/g/x.git', 'https://gitlab.example.org/g/x'],
  ['https://git.kernel.org/x.git/', 'https://git.kernel.org/x.git'],
  ['https://bitbucket.example.org/scm/a/x.git', 'https://bitbucket.example.org/projects/a/repos/x'],
  ['https://gitweb.example.org/x.git', 'https://gitweb.example.org/?p=x.git'],
  ['/srv/git/x', undefined],
])('the page of the repository %s is %s', (repository, link) => expect(repositoryLink(repository)).toBe(link))
