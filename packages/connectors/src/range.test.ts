import { basename, dirname } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openMirrors } from './mirrors.ts'
import { dumbHttp, smartHttp, startForge } from './support/forge.ts'
import { makeRepository, quietEnvironment, temporaryDirectory } from './support/repository.ts'

function mirrors() {
  const opened = openMirrors({ directory: temporaryDirectory(), environment: quietEnvironment() })
  onTestFinished(() => opened.close())
  return opened
}

function branchWithMerge() {
  const own = makeRepository()
  const good = own.git('rev-parse', 'HEAD')
  own.git('switch', '--quiet', '--create', 'side')
  own.commit('On the side', { 'side.c': '' })
  own.git('switch', '--quiet', 'main')
  const second = own.commit('Second', { 'lib/second.c': '', 'a b.c': '' })
  own.git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'side')
  const merge = own.git('rev-parse', 'HEAD')
  const empty = own.commit('Empty')
  own.commit('Newest', { 'x.c': '' })
  return { own, good, second, merge, empty }
}

test.each(['a path', 'smart http', 'smart http with filters', 'dumb http'])(
  'the range lists the commits on the first-parent line with their files: %s',
  async way => {
    const { own, good, second, merge, empty } = branchWithMerge()
    const [root, name] = [dirname(own.directory), basename(own.directory)]
    const config = way.includes('filters') ? { 'uploadpack.allowFilter': 'true' } : {}
    const forge = await startForge(way === 'dumb http' ? dumbHttp(root) : smartHttp(root, config))
    own.git('update-server-info')
    const repository = way === 'a path' ? own.directory : `${forge.url}/${name}/.git`

    expect(await mirrors().range({ repository, branch: 'main', good, bad: empty })).toEqual({
      kind: 'range',
      base: good,
      commits: [
        {
          commit: second,
          author: 'Ada Lovelace',
          subject: 'Second',
          isMerge: false,
          files: ['a b.c', 'lib/second.c'],
        },
        { commit: merge, author: 'Ada Lovelace', subject: 'Merge', isMerge: true, files: ['side.c'] },
        { commit: empty, author: 'Ada Lovelace', subject: 'Empty', isMerge: false, files: [] },
      ],
    })
  },
)

test('after a force push, the range starts at the newest common commit', async () => {
  const { own, good, merge } = branchWithMerge()
  own.git('reset', '--quiet', '--hard', good)
  const other = own.commit('Other', { 'o.c': '' })
  const range = await mirrors().range({ repository: own.directory, branch: 'main', good: merge, bad: other })
  expect(range).toMatchObject({ kind: 'range', base: good, commits: [{ commit: other }] })
})

test('a commit that the branch does not contain is an answer of its own', async () => {
  const { own, good } = branchWithMerge()
  const ends = { branch: 'main', good, bad: 'f'.repeat(40) }
  expect(await mirrors().range({ repository: own.directory, ...ends })).toEqual({ kind: 'not-in-branch' })
})

test('the inside of a merge is the merged branch, and the merge itself', async () => {
  const { own, good, second, merge } = branchWithMerge()
  own.git('switch', '--quiet', 'side')
  own.commit('More on the side', { 'side.c': 'int x;' })
  own.git('switch', '--quiet', 'main')
  own.git('merge', '--quiet', '--no-ff', '--message', 'Second merge', 'side')
  const range = (bad: string, before: string) =>
    mirrors().range({ repository: own.directory, branch: 'main', good: before, bad, insideMerge: true })
  expect(await range(merge, second)).toMatchObject({
    base: good,
    commits: [
      { subject: 'On the side', files: ['side.c'] },
      { subject: 'Merge', isMerge: true },
    ],
  })
  const again = own.git('rev-parse', 'HEAD')
  expect(await range(again, own.git('rev-parse', 'HEAD^'))).toMatchObject({
    base: own.git('rev-parse', `${merge}^2`),
    commits: [{ subject: 'More on the side' }, { subject: 'Second merge' }],
  })
})

test('the changed lines of two commits are a patch without context', async () => {
  const { own, merge, empty } = branchWithMerge()
  const repository = own.directory
  const lines = (before: string, after: string) => mirrors().changedLines({ repository, before, after })
  const commented = own.commit('Comment', { 'side.c': '/* new */\n' })
  expect(await lines(empty, commented)).toMatchObject({ kind: 'lines', patch: expect.stringContaining('+/* new */') })
  expect(await lines(merge, empty)).toEqual({ kind: 'lines', patch: '' })
  expect(await lines(merge, 'f'.repeat(40))).toEqual({ kind: 'unknown' })
  expect(await lines('--output=x', merge)).toEqual({ kind: 'unknown' })
  const large = own.commit('Large', { 'side.c': 'x\n'.repeat(200_000) })
  expect(await lines(commented, large)).toEqual({ kind: 'unknown' })
})
