import { execFileSync } from 'node:child_process'
import { basename, dirname } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openMirrors } from './mirrors.ts'
import { dumbHttp, smartHttp, startForge } from './support/forge.ts'
import { makeRepository, quietEnvironment, type Repository, temporaryDirectory } from './support/repository.ts'

function mirrors() {
  const opened = openMirrors({ directory: temporaryDirectory(), environment: quietEnvironment() })
  onTestFinished(() => opened.close())
  return opened
}

const parts = ({ directory }: Repository) => ({ root: dirname(directory), name: basename(directory) })

describe('line', () => {
  test.each(['a path', 'smart http', 'smart http that leaves files out', 'dumb http'])(
    'a branch’s first-parent line, newest first, as it is now, of %s',
    async way => {
      const own = makeRepository()
      const first = own.git('rev-parse', 'HEAD')
      own.git('switch', '--quiet', '--create', 'side')
      own.commit('On the side', { 'side.c': '' })
      own.git('switch', '--quiet', 'main')
      const second = own.commit('Second', { 'second.c': '' })
      own.git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'side')
      const merge = own.git('rev-parse', 'HEAD')
      const { root, name } = parts(own)
      const config = way.includes('leaves') ? { 'uploadpack.allowFilter': 'true' } : {}
      const forge = await startForge(way === 'dumb http' ? dumbHttp(root) : smartHttp(root, config))
      own.git('update-server-info')
      const repository = way === 'a path' ? own.directory : `${forge.url}/${name}/.git`
      const { line, tarball } = mirrors()

      expect(await line({ repository, branch: 'main' })).toEqual({
        kind: 'line',
        commits: [merge, second, first],
        complete: true,
      })
      own.git('reset', '--quiet', '--hard', first)
      const other = own.commit('Other')
      own.git('update-server-info')
      expect(await line({ repository, branch: 'main' })).toMatchObject({ commits: [other, first] })
      expect(await tarball({ repository, commit: other, leaveOut: [] })).toMatchObject({ kind: 'tarball' })
    },
    15_000, // plain files over HTTP: some twenty programs of git
  )

  test.each(['a path', 'smart http'])('of a branch of more than 200 commits, the newest 200, of %s', async way => {
    const own = makeRepository()
    const head = own.git('rev-parse', 'HEAD')
    const commit = 'commit refs/heads/main\ncommitter Ada <ada@example.org> 1700000000 +0000\ndata 1\nx\n'
    execFileSync('git', ['fast-import', '--quiet'], {
      cwd: own.directory,
      env: quietEnvironment(),
      input: `${commit}from ${head}\n${commit.repeat(199)}`,
    })
    const tip = own.git('rev-parse', 'main')
    const { root, name } = parts(own)
    const forge = await startForge(smartHttp(root))
    const repository = way === 'a path' ? own.directory : `${forge.url}/${name}/.git`

    const line = await mirrors().line({ repository, branch: 'main' })
    expect(line).toMatchObject({ kind: 'line', complete: false })
    expect('commits' in line && [line.commits.length, line.commits[0], line.commits.includes(head)]).toEqual([
      200,
      tip,
      false,
    ])
  })

  test('a branch that is not there, and a repository that is not there', async () => {
    const { directory: repository } = makeRepository()
    expect(await mirrors().line({ repository, branch: 'gone' })).toEqual({ kind: 'no-branch', defaultBranch: 'main' })
    expect(await mirrors().line({ repository: '/nowhere', branch: 'main' })).toMatchObject({ kind: 'problem' })
  })
})
