import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeRepositories } from './repositories.ts'
import { demoYear } from './year/year.ts'

test('the repositories contain the commits of the builds, on their branches', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'demo-'))
  try {
    const { repositories, branches } = demoYear({ seed: 1, now: new Date('2026-11-29T18:00:00Z'), jobs: 3000 })
    makeRepositories(directory, repositories)

    for (const { project, name, commits } of branches) {
      const history = execFileSync('git', ['-C', join(directory, `${project}.git`), 'rev-list', name], {
        encoding: 'utf8',
      })
      expect(history.trim().split('\n').reverse()).toEqual(commits.map(({ commit }) => commit))
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})
