import { h } from 'preact'
import { expect, test } from 'vitest'
import { CommitLink, CompareLink } from './commit-link.tsx'
import { renderFragment } from './layout.tsx'

const commit = 'a'.repeat(40)
const before = 'b'.repeat(40)
const visit = {
  publicPath: '/farm',
  repositories: new Map([
    ['x', 'git@github.com:ada/x.git'],
    ['local', '/srv/git/x'],
  ]),
}
const rendered = (content: Parameters<typeof renderFragment>[1]) => renderFragment(visit, content)

test('a commit links to the forge of its project, and is plain text without a known forge', () => {
  expect(rendered(h(CommitLink, { project: 'x', commit }))).toBe(
    `<a rel="nofollow noreferrer" href="https://github.com/ada/x/commit/${commit}"><code title="${commit}">aaaaaaa</code></a>`,
  )
  for (const project of ['local', 'unknown'])
    expect(rendered(h(CommitLink, { project, commit, digits: 10 }))).toBe(`<code title="${commit}">aaaaaaaaaa</code>`)
})

test('a range links to the comparison, or shows other words without a known forge', () => {
  const range = (project: string) =>
    h(CompareLink, { project, before, after: commit, otherwise: 'two commits', children: 'two commits' })
  expect(rendered(range('x'))).toBe(
    `<a rel="nofollow noreferrer" href="https://github.com/ada/x/compare/${before}...${commit}">two commits</a>`,
  )
  expect(rendered(range('local'))).toBe('two commits')
})
