import { basename, dirname } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openMirrors } from './mirrors.ts'
import { dumbHttp, smartHttp, startForge } from './support/forge.ts'
import { makeRepository, quietEnvironment, type Repository, temporaryDirectory } from './support/repository.ts'

const ways = {
  'a path': undefined,
  'smart http': smartHttp,
  'dumb http': dumbHttp,
}

function mirrors() {
  const opened = openMirrors({ directory: temporaryDirectory(), environment: quietEnvironment(), allowPrivate: true })
  onTestFinished(() => opened.close())
  return opened
}

async function addressOf(way: keyof typeof ways, { directory, git }: Repository): Promise<string> {
  const serve = ways[way]
  if (!serve) return directory
  git('config', 'uploadpack.allowAnySHA1InWant', 'true')
  git('config', 'uploadpack.allowFilter', 'true')
  git('update-server-info')
  const forge = await startForge(serve(dirname(directory)))
  return `${forge.url}/${basename(directory)}/.git`
}

describe.each(Object.keys(ways) as (keyof typeof ways)[])('over %s', way => {
  test('the farm finds out whether a branch or a tag has a commit', async () => {
    const own = makeRepository({ 'a.c': 'one\n' })
    const first = own.git('rev-parse', 'HEAD').trim()
    own.git('switch', '--quiet', '--create', 'side')
    const merged = own.commit('Side', { 'b.c': 'one\n' })
    own.git('switch', '--quiet', 'main')
    own.commit('Main', { 'a.c': 'two\n' })
    own.git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'side')
    own.git('branch', '--delete', '--force', 'side')
    const tip = own.commit('Tip', { 'a.c': 'three\n' })
    own.git('switch', '--quiet', '--create', 'other')
    const other = own.commit('Other', { 'c.c': 'one\n' })
    own.git('switch', '--quiet', '--detach', first)
    const tagged = own.commit('Tagged', { 'd.c': 'one\n' })
    own.git('tag', '--annotate', '--message', 'One', 'v1')
    own.git('switch', '--quiet', '--detach', first)
    const fork = own.commit('Fork', { 'e.c': 'one\n' })
    own.git('update-ref', 'refs/pull/7/head', fork)
    own.git('switch', '--quiet', 'main')

    const opened = mirrors()
    const repository = await addressOf(way, own)
    const isOn = async (commit: string, ref?: string) => {
      const answer = await opened.onRefs({ repository, commit, ref })
      return answer.kind === 'problem' ? answer.problem : answer.found
    }
    const main = 'refs/heads/main'
    expect([await isOn(tip, main), await isOn(first, main), await isOn(merged, main)]).toEqual([true, true, true])
    expect([await isOn(other, main), await isOn(fork, main), await isOn(tagged, main)]).toEqual([false, false, false])
    expect([await isOn(other), await isOn(tagged), await isOn(first), await isOn(fork)]).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect([await isOn(tagged, 'refs/tags/v1'), await isOn(tip, 'refs/tags/v1')]).toEqual([true, false])
    expect([await isOn(tip, 'refs/heads/gone'), await isOn('f'.repeat(40))]).toEqual([false, false])
    expect(await isOn(tip, 'refs/heads/*')).toContain('is not a name')

    // A deleted branch and a moved branch no longer have the commit.
    own.git('branch', '--delete', '--force', 'other')
    own.git('update-ref', main, merged)
    own.git('update-server-info')
    expect([await isOn(other), await isOn(tip, main), await isOn(tip)]).toEqual([false, false, false])
  })
})

test('a commit before the newest 200 is found', async () => {
  const own = makeRepository({ 'a.c': 'one\n' })
  const first = own.git('rev-parse', 'HEAD').trim()
  own.git('switch', '--quiet', '--create', 'fork')
  const fork = own.commit('Fork', { 'e.c': 'one\n' })
  own.git('switch', '--quiet', 'main')
  const tree = own.git('rev-parse', 'HEAD^{tree}').trim()
  let tip = first
  for (let count = 0; count < 205; count++)
    tip = own.git('commit-tree', tree, '-p', tip, '-m', `Number ${count}`).trim()
  own.git('update-ref', 'refs/heads/main', tip)
  const repository = await addressOf('smart http', own)
  const opened = mirrors()
  const isOn = (commit: string) => opened.onRefs({ repository, commit, ref: 'refs/heads/main' })
  expect(await isOn(first)).toEqual({ kind: 'on-refs', found: true })
  expect(await isOn(fork)).toEqual({ kind: 'on-refs', found: false })
})
