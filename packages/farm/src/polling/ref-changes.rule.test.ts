import type { ProjectConfig } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { changesMax, type KnownRef, refChanges, refsMax } from './ref-changes.rule.ts'

const repository = 'https://example.org/a.git'
const project = (changes: Partial<ProjectConfig> = {}, isNew = false) => ({
  config: {
    name: 'a',
    repository,
    branches: ['main', 'release/*'],
    sources: [],
    ...changes,
  } as unknown as ProjectConfig,
  isNew,
})
const seen = (refs: Record<string, string>, defaultBranch = 'main') => ({
  defaultBranch,
  commits: new Map(Object.entries(refs)),
})
const known = (ref: string, commit: string, missing = 0): KnownRef => ({ ref, commit, missing })
const main = 'refs/heads/main'
const other = 'https://example.org/b.git'
const trigger = (branch?: string) => ({
  name: 'b',
  repository: other,
  sources: [{ name: 'src', repository, trigger: true, leaveOut: [], ...(branch ? { branch } : {}) }] as never,
})

test.each<
  [
    string,
    Parameters<typeof refChanges>[1],
    KnownRef[],
    ReturnType<typeof seen>,
    [string, string | null, string | null, string[]][],
  ]
>([
  ['nothing changed', [project()], [known(main, '1')], seen({ [main]: '1', HEAD: '1' }), []],
  ['a push', [project()], [known(main, '1')], seen({ [main]: '2' }), [[main, '1', '2', ['a']]]],
  [
    'a new branch',
    [project()],
    [],
    seen({ 'refs/heads/release/1': '2' }),
    [['refs/heads/release/1', null, '2', ['a']]],
  ],
  ['a branch that nobody builds', [project()], [], seen({ 'refs/heads/fix': '2' }), []],
  ['a tag that nobody builds', [project()], [], seen({ 'refs/tags/v1': '2' }), []],
  ['a tag', [project({ tags: ['v*'] })], [], seen({ 'refs/tags/v1': '2' }), [['refs/tags/v1', null, '2', ['a']]]],
  ['poll: never', [project({ pollSeconds: 0 })], [known(main, '1')], seen({ [main]: '2' }), []],
  ['the first look without poll', [project({}, true)], [], seen({ [main]: '2' }), []],
  [
    'the first look with poll builds the main branch',
    [project({ pollSeconds: 60 }, true)],
    [],
    seen({ [main]: '2', 'refs/heads/release/1': '3' }),
    [[main, null, '2', ['a']]],
  ],
  [
    'a new project beside an old one',
    [project(), project({ name: 'new', pollSeconds: 60 }, true)],
    [known(main, '2')],
    seen({ [main]: '2' }),
    [[main, '2', '2', ['new']]],
  ],
  [
    'the first look follows the default branch',
    [project({ branches: ['**'], pollSeconds: 60 }, true)],
    [],
    seen({ 'refs/heads/trunk': '2', [main]: '3' }, 'trunk'),
    [['refs/heads/trunk', null, '2', ['a']]],
  ],
  [
    'a source with a trigger',
    [project(trigger('trunk'))],
    [known('refs/heads/trunk', '1')],
    seen({ 'refs/heads/trunk': '2', [main]: '3' }),
    [['refs/heads/trunk', '1', '2', ['b']]],
  ],
  [
    'a source on the default branch',
    [project(trigger())],
    [known(main, '1')],
    seen({ [main]: '2' }),
    [[main, '1', '2', ['b']]],
  ],
  ['a branch that one look does not find', [project()], [known(main, '1')], seen({ HEAD: '1' }), []],
  [
    'a branch that two looks do not find',
    [project()],
    [known(main, '1', 1)],
    seen({ HEAD: '1' }),
    [[main, '1', null, ['a']]],
  ],
])('%s', (_, projects, before, now, changes) => {
  const found = refChanges(repository, projects, before, now)
  expect(found.changes.map(change => [change.ref, change.before, change.after, change.projects])).toEqual(changes)
})

test('a look that does not find a branch remembers this', () => {
  expect(refChanges(repository, [project()], [known(main, '1')], seen({})).missing).toEqual([main])
})

test('a look handles a limited number of changes and remembers a limited number of refs', () => {
  const many = Array.from({ length: refsMax + 1 }, (_, index) => [`refs/heads/release/${index}`, '1'])
  const found = refChanges(repository, [project()], [], seen(Object.fromEntries(many)))
  expect(found.changes).toHaveLength(changesMax)
  expect(found.more).toBe(true)
  expect(found.limit).toContain('it has 5001 branches and tags that a project builds, more than 5000')
})
