import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeRepository, quietEnvironment } from '../support/repository.ts'
import { openGit } from './git.ts'
import { defaultGitLimits } from './git-runner.ts'
import { collectGarbage, hasFetchedCommit, type Mirror } from './mirror.ts'

test('a mirror keeps the refs of the newest fetched commits, and its reading process goes on', async () => {
  const git = openGit(quietEnvironment(), defaultGitLimits)
  onTestFinished(() => git.close())
  const own = makeRepository()
  const directory = join(own.directory, '.git')
  const commits = ['one', 'two', 'three', 'four'].map(name => own.commit(name, { [name]: name }))
  for (const commit of commits) own.git('update-ref', `refs/farm/${commit}`, commit)
  own.git('pack-refs', '--all')
  const mirror = { directory } as Mirror
  await collectGarbage(git, mirror, 2)
  expect(commits.map(commit => hasFetchedCommit(mirror, commit))).toEqual([false, false, true, true])
  expect(own.git('for-each-ref', '--format=%(refname)', 'refs/farm').split('\n')).toHaveLength(2)
  expect(own.git('rev-parse', 'main')).toBe(commits[3])
  const reader = await git.readers.of(directory)
  expect((await reader.read(commits[0] ?? ''))?.type).toBe('commit')
  await collectGarbage(git, mirror, 2)
  expect(existsSync(directory)).toBe(true)
})
