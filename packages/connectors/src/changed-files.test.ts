import { basename, dirname } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openMirrors } from './mirrors.ts'
import { smartHttp, startForge } from './support/forge.ts'
import { makeRepository, quietEnvironment, temporaryDirectory } from './support/repository.ts'

function mirrors() {
  const opened = openMirrors({ directory: temporaryDirectory(), environment: quietEnvironment() })
  onTestFinished(() => opened.close())
  return opened
}

test.each(['path', 'smart http'])('the farm lists the files between two commits: %s', async way => {
  const own = makeRepository({ 'a.c': 'a\n', 'lib/b.c': 'b\n' })
  const before = own.git('rev-parse', 'HEAD')
  own.git('mv', 'lib/b.c', 'lib/ü d.c')
  own.commit('Move', { 'docs/new': 'x\n' })
  const after = own.commit('Next', { 'a.c': 'changed\n' })
  const forge = way === 'path' ? undefined : await startForge(smartHttp(dirname(own.directory)))
  const repository = forge ? `${forge.url}/${basename(own.directory)}/.git` : own.directory
  const { changedFiles } = mirrors()
  const answer = await changedFiles({ repository, before, after })
  expect(answer).toEqual({ kind: 'files', files: ['a.c', 'docs/new', 'lib/b.c', 'lib/ü d.c'] })
  expect(await changedFiles({ repository, before: after, after })).toEqual({ kind: 'files', files: [] })
  expect(await changedFiles({ repository, before: 'f'.repeat(40), after })).toEqual({ kind: 'unknown' })
  expect(await changedFiles({ repository, before: 'main', after })).toEqual({ kind: 'unknown' })
})

test('a forge that does not answer is unreachable, and a missing commit is absent', async () => {
  const own = makeRepository()
  const forge = await startForge(smartHttp(dirname(own.directory)))
  const wanted = { repository: `${forge.url}/${basename(own.directory)}/.git`, commit: 'f'.repeat(40), leaveOut: [] }
  const { tarball, resolve } = mirrors()
  expect(await tarball(wanted)).toMatchObject({ kind: 'problem', absent: true })
  const nowhere = 'http://127.0.0.1:9/x.git'
  expect(await tarball({ ...wanted, repository: nowhere })).toMatchObject({ kind: 'problem', unreachable: true })
  expect(await resolve({ repository: nowhere, ref: 'main' })).toMatchObject({ kind: 'problem', unreachable: true })
  const gone = await resolve({ repository: '/no/such/directory', ref: 'main' })
  expect(gone).toMatchObject({ kind: 'problem' })
  expect(gone).not.toHaveProperty('unreachable')
})

test('the commit of an annotated tag’s object is the tagged commit, with its whole message', async () => {
  const own = makeRepository()
  const commit = own.commit('Fix it\n\nAt last. [skip ci]')
  own.git('tag', '--annotate', '--message', 'Version 1', 'v1')
  const tag = own.git('rev-parse', 'v1')
  expect(tag).not.toBe(commit)
  const found = await mirrors().resolve({ repository: own.directory, ref: tag })
  expect(found).toMatchObject({ kind: 'commit', commit, subject: 'Fix it', message: 'Fix it\n\nAt last. [skip ci]' })
})
