import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { makeRepository, quietEnvironment, type Repository, temporaryDirectory } from '../support/repository.ts'
import { type TarballContent, writeArchive, writeLarge } from './archive.ts'
import { openGit } from './git.ts'
import { defaultGitLimits } from './git-runner.ts'
import { openMirror } from './mirror.ts'
import { ObjectReaders } from './object-readers.ts'
import { packSmall } from './small-archive.ts'

/** Packs the newest commit in both ways. */
async function bothWays(own: Repository, content: Partial<TarballContent> = {}) {
  const git = openGit(quietEnvironment(), defaultGitLimits)
  onTestFinished(() => git.close())
  const mirror = await openMirror(git, temporaryDirectory(), own.directory)
  if ('problem' in mirror) throw new Error(mirror.problem)
  const wanted = { commit: own.git('rev-parse', 'HEAD'), leaveOut: [], ...content }
  const [file, other] = [join(temporaryDirectory(), 'x.tar.gz'), join(temporaryDirectory(), 'y.tar.gz')]
  const archived = await writeLarge(git, mirror, wanted, file)
  expect(archived).toMatchObject({ kind: 'archived' })
  expect(await writeArchive(git, mirror, wanted, other)).toEqual(archived) // also the compressed bytes
  const small = await packSmall(await new ObjectReaders(git).of(mirror.directory), wanted)
  return { small, large: gunzipSync(readFileSync(file)) }
}

test('a small commit gives the same bytes as git archive', async () => {
  const long = `${'d'.repeat(90)}/${'e'.repeat(60)}`
  const own = makeRepository({
    'a b.c': 'int a;\n',
    'new\nline': 'x',
    empty: '',
    exact: 'x'.repeat(512),
    'sub/deep/b.c': 'b'.repeat(700),
    'sub.c': '',
    'sub0/c': '',
    [`${'n'.repeat(100)}`]: '1',
    [`${'n'.repeat(101)}`]: '2',
    [`${long}/${'f'.repeat(100)}`]: '3',
    [`${long}/${'f'.repeat(101)}`]: '4',
    [`${'x/'.repeat(130)}y`]: '5',
    [`${'p'.repeat(155)}/q`]: '6',
    [`${'p'.repeat(156)}/q`]: '7',
  })
  writeFileSync(Buffer.concat([Buffer.from(`${own.directory}/latin-`), Buffer.from([0xe9, 0xff])]), 'not UTF-8')
  symlinkSync('a b.c', join(own.directory, 'link'))
  symlinkSync('t'.repeat(100), join(own.directory, 'link100'))
  symlinkSync('t'.repeat(200), join(own.directory, 'link200'))
  chmodSync(join(own.directory, 'exact'), 0o755)
  const nested = makeRepository()
  own.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', nested.directory, 'module')
  own.commit('All kinds')
  for (const content of [{}, { path: 'sub' }, { leaveOut: ['sub', 'new\nline'] }, { leaveOut: ['sub/deep/b.c'] }]) {
    const { small, large } = await bothWays(own, content)
    expect(small?.equals(large)).toBe(true)
  }
})

test.each([0, 1, 9, 17, 18, 19, 20])(
  'a tar file with %i blocks of content ends like that of git archive',
  async blocks => {
    const { small, large } = await bothWays(makeRepository({ a: 'x'.repeat(blocks * 512) }))
    expect(small?.equals(large)).toBe(true)
  },
)

test('a commit of a repository with SHA-256 gives the same bytes', async () => {
  const { small, large } = await bothWays(makeRepository({ a: 'x', [`d/${'n'.repeat(120)}`]: 'y' }, 'sha256'))
  expect(small?.equals(large)).toBe(true)
})

test.each([
  ['more than 500 files', Object.fromEntries(Array.from({ length: 501 }, (_, number) => [`f${number}`, '']))],
  ['more than 4 MB', { big: 'x'.repeat(4_000_001) }],
])('a commit with %s is left to git archive', async (_, files) => {
  expect((await bothWays(makeRepository(files))).small).toBeUndefined()
})

test('a commit, a path or an object that does not exist is left to git archive', async () => {
  const own = makeRepository()
  const git = openGit(quietEnvironment(), defaultGitLimits)
  onTestFinished(() => git.close())
  const reader = await new ObjectReaders(git).of(join(own.directory, '.git'))
  const commit = own.git('rev-parse', 'HEAD')
  expect(await packSmall(reader, { commit: '1'.repeat(40), leaveOut: [] })).toBeUndefined()
  expect(await packSmall(reader, { commit, path: 'no', leaveOut: [] })).toBeUndefined()
  expect(await packSmall(reader, { commit: own.git('rev-parse', 'HEAD:hello.c'), leaveOut: [] })).toBeUndefined()
  expect(await packSmall(reader, { commit, leaveOut: [] })).toBeInstanceOf(Buffer)
})
