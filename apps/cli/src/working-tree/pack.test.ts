// Packs a real working tree, and unpacks it with the tar of this machine.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { treeEntries } from './entries.ts'
import { findTree } from './find-tree.ts'
import { packTree } from './pack.ts'

const environment = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }

function tree() {
  const top = mkdtempSync(join(tmpdir(), 'rumpfarm-pack-'))
  onTestFinished(() => rmSync(top, { recursive: true }))
  const [root, out] = [join(top, 'tree'), join(top, 'out')]
  for (const directory of [root, out]) mkdirSync(directory)
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=a@example.org', ...words], {
      cwd: root,
      env: environment,
    })
      .toString()
      .trim()
  git('init', '--quiet', '--initial-branch=main')
  const write = (name: string | Buffer, text: string) => {
    const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name)])
    mkdirSync(Buffer.from(dirname(path.toString('latin1')), 'latin1'), { recursive: true })
    writeFileSync(path, text)
  }
  const commit = () => {
    git('add', '--all')
    git('commit', '--quiet', '-m', 'A commit')
  }
  const unpack = async (directory = root, leaveOut: string[] = [], submodules = false) => {
    const file = join(top, 'tree.tar.gz')
    const entries = await treeEntries({ directory, leaveOut, submodules })
    const packed = await packTree(entries, file)
    execFileSync('tar', ['-xzpf', file, '-C', out])
    return { ...packed, file, names: listed(out) }
  }
  return { root, out, git, write, commit, unpack }
}

/** All files of a directory, as bytes in latin1. */
function listed(directory: string, prefix = ''): string[] {
  const path = Buffer.from(`${directory}/${prefix}`, 'latin1')
  return readdirSync(path, { withFileTypes: true, encoding: 'buffer' })
    .flatMap(one => {
      const name = `${prefix}${one.name.toString('latin1')}`
      return one.isDirectory() ? listed(directory, `${name}/`) : [name]
    })
    .sort()
}

test('a working tree is packed as it is now: changes, new files and deletions, without ignored files', async () => {
  const { out, git, write, commit, unpack, root } = tree()
  write('.gitignore', '*.o\n')
  for (const name of ['changed', 'deleted', 'sub/deleted too', 'staged']) write(name, 'old\n')
  commit()
  write('changed', 'new\n')
  write('new/file', 'new\n')
  write('new/ignored.o', 'object\n')
  write('staged', 'staged\n')
  git('add', 'staged')
  rmSync(join(root, 'deleted'))
  rmSync(join(root, 'sub'), { recursive: true })
  const { names } = await unpack()
  expect(names).toEqual(['.gitignore', 'changed', 'new/file', 'staged'])
  expect(readFileSync(join(out, 'changed'), 'utf8')).toBe('new\n')
  expect((await findTree(join(root, 'new'))).subject).toBe('5 changed files on main')
})

test('modes, symbolic links, long names and names of any bytes arrive exactly', async () => {
  const { root, out, write, commit, unpack } = tree()
  const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(90)}`
  const longest = `${'x'.repeat(200)}/${'y'.repeat(200)}`
  const odd = Buffer.from([0x66, 0xff, 0xfe])
  for (const name of ['plain', 'run.sh', long, longest, odd, 'two\nlines', 'a space', 'ümlaut'])
    write(name, `${name}\n`)
  chmodSync(join(root, 'run.sh'), 0o700)
  chmodSync(join(root, 'plain'), 0o600)
  symlinkSync('run.sh', join(root, 'link'))
  symlinkSync(`nowhere/${'z'.repeat(150)}`, join(root, 'long link'))
  commit()
  const { names } = await unpack()
  const expected = ['plain', 'run.sh', long, longest, 'f\u00ff\u00fe', 'two\nlines', 'a space', 'link', 'long link']
  expect(names).toEqual([...expected, Buffer.from('ümlaut').toString('latin1')].sort())
  expect(readFileSync(join(out, longest), 'utf8')).toBe(`${longest}\n`)
  expect(readlinkSync(join(out, 'link'))).toBe('run.sh')
  expect(readlinkSync(join(out, 'long link'))).toBe(`nowhere/${'z'.repeat(150)}`)
  expect(['plain', 'run.sh'].map(name => lstatSync(join(out, name)).mode & 0o777)).toEqual([0o644, 0o755])
})

test('the same tree gives the same bytes, and a directory is packed without the paths to leave out', async () => {
  const { root, write, commit, unpack } = tree()
  for (const name of ['other', 'lib/a', 'lib/big/b', 'lib/bigger']) write(name, 'x\n')
  commit()
  const first = await unpack(join(root, 'lib'), ['big'])
  expect(first.names).toEqual(['a', 'bigger'])
  expect((await unpack(join(root, 'lib'), ['big'])).sha256).toBe(first.sha256)
})

test('without submodules, a submodule is an empty directory, and another repository inside the tree is refused with its name', async () => {
  const { root, out, git, write, commit, unpack } = tree()
  write('a', 'x\n')
  commit()
  git('clone', '--quiet', root, 'inner')
  await expect(unpack()).rejects.toThrow('"inner/" is a repository of its own: add it to .gitignore')
  git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', root, 'module')
  rmSync(join(root, 'inner'), { recursive: true })
  expect((await unpack()).names).toEqual(['.gitmodules', 'a'])
  expect(readdirSync(join(out, 'module'))).toEqual([])
})

test('with submodules, their files are packed as they are now, and a missing submodule is refused with its name', async () => {
  const { root, git, write, commit, unpack } = tree()
  const [inner, middle] = [tree(), tree()]
  inner.write('inner.c', 'x\n')
  inner.commit()
  middle.write('middle.c', 'x\n')
  middle.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner.root, 'in ner')
  middle.commit()
  write('own.c', 'x\n')
  write('replaced', 'x\n')
  git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', middle.root, 'lib/middle')
  commit()
  await expect(unpack(root, [], true)).rejects.toThrow('"lib/middle/in ner/" is a submodule that is not checked out')
  expect((await unpack(root, ['lib/middle/in ner'], true)).names).toContain('lib/middle/middle.c')
  git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init', '--recursive')
  write('lib/middle/new.c', 'x\n')
  write('lib/middle/in ner/inner.c', 'changed\n')
  rmSync(join(root, 'replaced'))
  write('replaced/by a directory', 'x\n')
  const { names } = await unpack(join(root, 'lib'), ['middle/.gitmodules'], true)
  expect(names.filter(name => name.startsWith('middle/'))).toEqual([
    'middle/in ner/inner.c',
    'middle/middle.c',
    'middle/new.c',
  ])
  expect((await unpack(root, [], true)).names).toContain('replaced/by a directory')
})

// cpio ignores pax headers, like a tar from before 2001. The agent of a host looks for these names.
test.skipIf(spawnSync('cpio', ['--version']).error)(
  'a long name has the names of git if a tar ignores pax headers',
  async () => {
    const { root, write, commit, unpack } = tree()
    write('n'.repeat(101), 'x\n')
    symlinkSync('t'.repeat(101), join(root, 'link'))
    commit()
    const { file } = await unpack()
    const blind = join(root, '..', 'blind')
    mkdirSync(blind)
    execFileSync('sh', ['-c', 'gzip -dc <"$0" | cpio -idm --quiet', file], { cwd: blind })
    expect(listed(blind)).toContainEqual(expect.stringMatching(/^[0-9a-f]{40}\.data$/))
    expect(readlinkSync(join(blind, 'link'))).toMatch(/^see [0-9a-f]{40}\.paxheader$/)
  },
)

test('a file that is not checked out is refused with its name', async () => {
  const { root, git, write, commit, unpack } = tree()
  for (const name of ['a/x', 'b/y']) write(name, 'x\n')
  commit()
  git('sparse-checkout', 'set', '--no-cone', '/a/')
  expect(readdirSync(root)).not.toContain('b')
  await expect(unpack()).rejects.toThrow('"b/y" is not checked out (sparse checkout)')
})

test('the remotes of a clone have no passwords, and origin is the first', async () => {
  const { root, git } = tree()
  git('remote', 'add', 'fork', 'git@forge.example:me/hello.git')
  git('remote', 'add', 'origin', 'https://me:secret@forge.example/hello.git')
  const { addresses, commit } = await findTree(root)
  expect(addresses).toEqual(['https://forge.example/hello.git', 'git@forge.example:me/hello.git'])
  expect(commit).toBe('0'.repeat(40))
})
