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

describe('history', () => {
  test.each(['a path', 'smart http', 'smart http with filters', 'dumb http'])(
    'the history of a branch lists the present first-parent commits, newest first: %s',
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
      const config = way.includes('filters') ? { 'uploadpack.allowFilter': 'true' } : {}
      const forge = await startForge(way === 'dumb http' ? dumbHttp(root) : smartHttp(root, config))
      own.git('update-server-info')
      const repository = way === 'a path' ? own.directory : `${forge.url}/${name}/.git`
      const { history, tarball } = mirrors()

      const read = await history({ repository, branch: 'main' })
      expect(read).toMatchObject({
        kind: 'history',
        complete: true,
        defaultBranch: 'main',
      })
      expect('commits' in read && read.commits.map(({ commit, parent, subject }) => [commit, parent, subject])).toEqual(
        [
          [merge, second, 'Merge'],
          [second, first, 'Second'],
          [first, null, 'First'],
        ],
      )
      own.git('reset', '--quiet', '--hard', first)
      const other = own.commit('Other')
      own.git('update-server-info')
      expect(await history({ repository, branch: 'main' })).toMatchObject({
        commits: [{ commit: other }, { commit: first }],
      })
      expect(await tarball({ repository, commit: other, leaveOut: [] })).toMatchObject({ kind: 'tarball' })
    },
  )

  test.each(['a path', 'smart http'])('the history of a long branch lists the newest 200 commits: %s', async way => {
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

    const read = await mirrors().history({ repository, branch: 'main' })
    expect(read).toMatchObject({ kind: 'history', complete: false })
    expect(
      'commits' in read && [
        read.commits.length,
        read.commits[0]?.commit,
        read.commits.some(({ commit }) => commit === head),
      ],
    ).toEqual([200, tip, false])
  })

  test.each(['a path', 'smart http', 'smart http with filters', 'dumb http'])(
    'the history of a commit has the author and the time of each commit: %s',
    async way => {
      const own = makeRepository()
      const second = own.commit('Second', { 'second.c': '' })
      own.commit('Third', { 'third.c': '' })
      own.git('update-server-info')
      const { root, name } = parts(own)
      const config = way.includes('filters') ? { 'uploadpack.allowFilter': 'true' } : {}
      const forge = await startForge(way === 'dumb http' ? dumbHttp(root) : smartHttp(root, config))
      const repository = way === 'a path' ? own.directory : `${forge.url}/${name}/.git`
      const { history, historyOf } = mirrors()
      if (way === 'dumb http') await history({ repository, branch: 'main' })

      const read = await historyOf({ repository, commit: second })
      const at = new Date(own.git('show', '--no-patch', '--format=%cI', second))
      const authorMail = own.git('show', '--no-patch', '--format=%ae', second)
      expect(read).toMatchObject({
        kind: 'history',
        commits: [{ commit: second, author: 'Ada Lovelace', authorMail, subject: 'Second', committedAt: at }, {}],
      })
    },
  )

  test('the answers for a missing branch and for a missing repository are different', async () => {
    const { directory: repository } = makeRepository()
    expect(await mirrors().history({ repository, branch: 'gone' })).toEqual({
      kind: 'no-branch',
      defaultBranch: 'main',
    })
    expect(await mirrors().history({ repository: '/nowhere', branch: 'main' })).toMatchObject({ kind: 'problem' })
  })
})
