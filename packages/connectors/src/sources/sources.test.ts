import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { basename, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openMirrors } from '../mirrors.ts'
import { smartHttp, startForge } from '../support/forge.ts'
import { makeRepository, quietEnvironment, type Repository, temporaryDirectory } from '../support/repository.ts'
import { unpacked } from '../support/unpacked.ts'

function mirrors(directory = temporaryDirectory()) {
  const opened = openMirrors({ directory, environment: quietEnvironment() })
  onTestFinished(() => opened.close())
  return opened
}

const head = (own: Repository) => own.git('rev-parse', 'HEAD')
const has = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0

describe('submodules', () => {
  const add = (own: Repository, address: string, path: string) =>
    own.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', address, path)

  test('the tarball has the pinned commits of submodules and of their submodules, in their places', async () => {
    const inner = makeRepository({ 'inner.c': 'int inner;\n' })
    const middle = makeRepository({ 'middle.c': 'int middle;\n' })
    add(middle, inner.directory, 'deep/inner')
    middle.commit('With a submodule')
    const own = makeRepository({ 'own.c': 'int own;\n', 'z.c': '' })
    add(own, middle.directory, 'lib/middle')
    const commit = own.commit('With a submodule')
    middle.commit('Later', { 'later.c': '' })
    const wanted = { repository: own.directory, commit, leaveOut: [] }
    expect(unpacked(await mirrors().tarball({ ...wanted, submodules: true }))).toEqual({
      '.gitmodules': expect.any(String),
      'lib/middle/.gitmodules': expect.any(String),
      'lib/middle/deep/inner/inner.c': 'int inner;\n',
      'lib/middle/middle.c': 'int middle;\n',
      'own.c': 'int own;\n',
      'z.c': '',
    })
    expect(Object.keys(unpacked(await mirrors().tarball(wanted)))).not.toContain('lib/middle/middle.c')
    const without = await mirrors().tarball({ ...wanted, submodules: true, leaveOut: ['lib/middle/deep', 'z.c'] })
    expect(Object.keys(unpacked(without))).toEqual([
      '.gitmodules',
      'lib/middle/.gitmodules',
      'lib/middle/middle.c',
      'own.c',
    ])
    const below = await mirrors().tarball({ ...wanted, submodules: true, path: 'lib' })
    expect(Object.keys(unpacked(below))).toContain('middle/middle.c')
  })

  test('a relative address begins at the address of the repository on its server', async () => {
    const root = temporaryDirectory()
    const lib = makeRepository({ 'lib.c': 'int lib;\n' })
    execFileSync('git', ['clone', '--quiet', '--bare', lib.directory, join(root, 'lib.git')])
    const own = makeRepository()
    add(own, lib.directory, 'lib')
    writeFileSync(join(own.directory, '.gitmodules'), '[submodule "lib"]\n\tpath = lib\n\turl = ../lib.git\n')
    const commit = own.commit('Relative')
    execFileSync('git', ['clone', '--quiet', '--bare', own.directory, join(root, 'own.git')])
    const forge = await startForge(smartHttp(root))
    const wanted = { repository: `${forge.url}/own.git`, commit, leaveOut: [], submodules: true }
    expect(unpacked(await mirrors().tarball(wanted))).toMatchObject({ 'lib/lib.c': 'int lib;\n' })
  })

  test('two servers make the same bytes', async () => {
    const own = makeRepository()
    add(own, makeRepository({ a: 'x' }).directory, 'lib')
    const wanted = { repository: own.directory, commit: own.commit('Sub'), leaveOut: [], submodules: true }
    const [one, two] = [await mirrors().tarball(wanted), await mirrors().tarball(wanted)]
    expect(one).toMatchObject({ kind: 'tarball', sha256: two.kind === 'tarball' ? two.sha256 : '' })
  })

  test.each([
    ['ext::sh -c true', 'the submodule lib: the repository "ext::sh -c true" is empty, too long, or has spaces'],
    ['ext::true', 'the submodule lib: the repository "ext::true" names a remote helper'],
    ['--upload-pack=x', 'the submodule lib: the repository "--upload-pack=x" begins with "-"'],
    ['gopher://forge.example/x', 'begins with gopher://; the farm uses https, http, ssh, git and file'],
    ['../../../../../../../../../../x', 'leaves the address of'],
    ['/nowhere/at/all', 'the submodule lib: '],
    [undefined, '.gitmodules has no address for the submodule lib: add the submodule to leave-out in farm.yaml'],
  ])('a submodule with the address %s is a problem that names it', async (address, words) => {
    const own = makeRepository()
    add(own, makeRepository().directory, 'lib')
    writeFileSync(
      join(own.directory, '.gitmodules'),
      address === undefined ? '' : `[submodule "lib"]\n\tpath = lib\n\turl = ${address}\n`,
    )
    const commit = own.commit('Wrong')
    const made = await mirrors().tarball({ repository: own.directory, commit, leaveOut: [], submodules: true })
    expect(made).toMatchObject({ kind: 'problem', problem: expect.stringContaining(words) })
  })

  test('a commit that the submodule’s repository does not have is a problem that names both', async () => {
    const own = makeRepository()
    const lib = makeRepository()
    add(own, lib.directory, 'lib')
    own.git('update-index', '--cacheinfo', `160000,${'1'.repeat(40)},lib`)
    own.git('commit', '--quiet', '--message', 'Wrong')
    const made = await mirrors().tarball({
      repository: own.directory,
      commit: head(own),
      leaveOut: [],
      submodules: true,
    })
    expect(made).toMatchObject({ problem: expect.stringMatching(/^the submodule lib: .* has no commit 1{40}/) })
  })

  test('a repository on a server may not name a directory of the farm’s server', async () => {
    const own = makeRepository()
    add(own, makeRepository().directory, 'lib')
    const commit = own.commit('Local')
    const forge = await startForge(smartHttp(dirname(own.directory)))
    const repository = `${forge.url}/${basename(own.directory)}/.git`
    const made = await mirrors().tarball({ repository, commit, leaveOut: [], submodules: true })
    expect(made).toMatchObject({ problem: expect.stringContaining('is a directory of the farm') })
  })
})

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')
const pointerOf = (content: string) =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(content)}\nsize ${content.length}\n`

/** A repository with a file of git LFS, a pointer without the attribute, and a usual file. */
const lfsRepository = (content = 'large content\n') =>
  makeRepository({
    '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
    'a.bin': pointerOf(content),
    'docs/pointer.txt': pointerOf(content),
    'plain.bin': 'not in LFS\n',
    'z.c': 'int z;\n',
  })

/** A git server with the batch API of git LFS. */
const lfsServer =
  (root: string, objects: Record<string, string>, refuse = false): RequestListener =>
  (request, response) => {
    const url = request.url ?? ''
    if (url.endsWith('/objects/batch')) {
      if (refuse) return response.writeHead(403).end()
      const pieces: Buffer[] = []
      request.on('data', piece => pieces.push(piece))
      return request.on('end', () => {
        const asked = JSON.parse(Buffer.concat(pieces).toString()) as { objects: { oid: string; size: number }[] }
        const answers = asked.objects.map(({ oid, size }) =>
          oid in objects
            ? { oid, size, actions: { download: { href: `http://${request.headers.host}/lfs/${oid}` } } }
            : { oid, size, error: { code: 404, message: 'Object does not exist' } },
        )
        response.setHeader('content-type', 'application/vnd.git-lfs+json')
        response.end(JSON.stringify({ transfer: 'basic', objects: answers }))
      })
    }
    if (url.startsWith('/lfs/')) return response.end(objects[url.slice('/lfs/'.length)])
    return smartHttp(root)(request, response)
  }

describe('git LFS', () => {
  test('files with the attribute filter=lfs have their content in the tarball, and each object is downloaded once', async () => {
    const own = lfsRepository()
    const forge = await startForge(
      lfsServer(dirname(own.directory), { [sha256('large content\n')]: 'large content\n' }),
    )
    const repository = `${forge.url}/${basename(own.directory)}/.git`
    const wanted = { repository, commit: head(own), leaveOut: [] as string[], lfs: true }
    const { tarball } = mirrors()
    const expected = {
      '.gitattributes': expect.any(String),
      'a.bin': 'large content\n',
      'docs/pointer.txt': pointerOf('large content\n'),
      'plain.bin': 'not in LFS\n',
      'z.c': 'int z;\n',
    }
    expect(unpacked(await tarball(wanted))).toEqual(expected)
    expect(Object.keys(unpacked(await tarball({ ...wanted, leaveOut: ['z.c'] })))).toHaveLength(4)
    expect(forge.asked.filter(url => url.startsWith('/lfs/'))).toHaveLength(1)
    expect(unpacked(await tarball({ ...wanted, lfs: false }))['a.bin']).toBe(pointerOf('large content\n'))
  })

  test.each([
    [
      'an object of another content',
      { objects: 'large c0ntent\n' },
      /the object [0-9a-f]{64} is not available: its sha256 is/,
    ],
    ['an object of another size', { objects: 'large content, and more\n' }, /it has more than 14 bytes/],
    ['no object', {}, /has no object [0-9a-f]{64}: Object does not exist \(404\)/],
    [
      'a refusal',
      { refuse: true },
      /does not send the objects: .* answered with status 403; give the farm's user access/,
    ],
  ])('%s is a problem', async (_, { objects, refuse }: { objects?: string; refuse?: boolean }, words) => {
    const own = lfsRepository()
    const known = objects === undefined ? {} : { [sha256('large content\n')]: objects }
    const forge = await startForge(lfsServer(dirname(own.directory), known, refuse))
    const repository = `${forge.url}/${basename(own.directory)}/.git`
    const made = await mirrors().tarball({ repository, commit: head(own), leaveOut: [], lfs: true })
    expect(made).toMatchObject({ kind: 'problem', problem: expect.stringMatching(words) })
  })

  test('a repository on this machine has its objects beside the objects of git', async () => {
    const own = lfsRepository()
    const wanted = { repository: own.directory, commit: head(own), leaveOut: [], lfs: true }
    expect(await mirrors().tarball(wanted)).toMatchObject({
      problem: expect.stringContaining('run git lfs fetch --all there'),
    })
    const oid = sha256('large content\n')
    const place = join(own.directory, '.git/lfs/objects', oid.slice(0, 2), oid.slice(2, 4))
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, oid), 'large content\n')
    expect(unpacked(await mirrors().tarball(wanted))).toMatchObject({ 'a.bin': 'large content\n' })
  })

  test.runIf(has('git-lfs'))('files that the program git-lfs committed', async () => {
    const own = makeRepository()
    own.git('lfs', 'install', '--local')
    own.git('lfs', 'track', '*.bin')
    const commit = own.commit('Large', { 'sub/b.bin': 'from git-lfs\n' })
    expect(own.git('show', `${commit}:sub/b.bin`)).toContain('oid sha256:')
    const made = await mirrors().tarball({ repository: own.directory, commit, leaveOut: [], lfs: true, path: 'sub' })
    expect(unpacked(made)).toEqual({ 'b.bin': 'from git-lfs\n' })
  })
})

describe('tarballs at a URL', () => {
  /** A tarball made by the system's tar, and its server. */
  async function served(compress: 'gzip' | 'xz' | 'none', arrange: (directory: string) => string[]) {
    const directory = temporaryDirectory()
    const names = arrange(directory)
    const tar = execFileSync('tar', ['-cf', '-', ...names], { cwd: directory })
    const bytes =
      compress === 'gzip' ? gzipSync(tar) : compress === 'xz' ? execFileSync('xz', ['-c'], { input: tar }) : tar
    return server(bytes)
  }

  async function server(bytes: Buffer) {
    const forge = await startForge((request, response) => {
      if (request.url === '/moved') return response.writeHead(302, { location: '/x.tar.gz' }).end()
      if (request.url === '/away') return response.writeHead(302, { location: 'http://10.0.0.1/x.tar.gz' }).end()
      return response.end(bytes)
    })
    return {
      ...forge,
      wanted: { repository: `${forge.url}/x.tar.gz`, commit: sha256(bytes), leaveOut: [], tarball: {} },
    }
  }

  const release = (directory: string) => {
    mkdirSync(join(directory, 'gcc-1/lib'), { recursive: true })
    writeFileSync(join(directory, 'gcc-1/configure'), '#!/bin/sh\n', { mode: 0o755 })
    writeFileSync(join(directory, 'gcc-1/lib/a b.c'), 'int a;\n')
    writeFileSync(join(directory, 'gcc-1', 'n'.repeat(150)), 'long\n')
    symlinkSync('configure', join(directory, 'gcc-1/link'))
    return ['gcc-1']
  }

  test.each(['gzip', 'none', ...(has('xz') ? ['xz'] : [])] as ('gzip' | 'xz' | 'none')[])(
    'a tarball (%s) is downloaded once, and the hosts get its files without the leading directory',
    async compress => {
      const { wanted, asked } = await served(compress, release)
      const { tarball } = mirrors()
      const made = await tarball(wanted)
      expect(unpacked(made)).toEqual({ configure: '#!/bin/sh\n', 'lib/a b.c': 'int a;\n', ['n'.repeat(150)]: 'long\n' })
      const listed = execFileSync('tar', ['-tvzf', made.kind === 'tarball' ? made.file : ''], { encoding: 'utf8' })
      expect(listed).toMatch(/^-rwxr-xr-x root\/root.* configure$/m)
      expect(listed).toMatch(/^lrwxrwxrwx .* link -> configure$/m)
      expect(Object.keys(unpacked(await tarball({ ...wanted, tarball: { strip: 0 } })))).toContain('gcc-1/configure')
      expect(Object.keys(unpacked(await tarball({ ...wanted, leaveOut: ['lib'] })))).toHaveLength(2)
      expect(asked).toHaveLength(1)
    },
  )

  test('a tarball with several directories stays as it is', async () => {
    const { wanted } = await served('gzip', directory => {
      for (const name of ['a', 'b']) mkdirSync(join(directory, name))
      writeFileSync(join(directory, 'a/x'), 'x')
      return ['a', 'b']
    })
    expect(Object.keys(unpacked(await mirrors().tarball(wanted)))).toEqual(['a/x'])
  })

  test('a wrong checksum is a problem, and the farm keeps nothing', async () => {
    const { wanted, asked } = await served('gzip', release)
    const { tarball } = mirrors()
    const wrong = { ...wanted, commit: '0'.repeat(64) }
    const words = expect.stringMatching(/^cannot download http:.*: its sha256 is [0-9a-f]{64}, but it must be 0{64}$/)
    expect(await tarball(wrong)).toMatchObject({ problem: words })
    expect(await tarball(wrong)).toMatchObject({ problem: words })
    expect(asked).toHaveLength(2)
  })

  test('the farm follows a redirect to the same host, but not to another private address', async () => {
    const { wanted, url } = await served('gzip', release)
    expect(await mirrors().tarball({ ...wanted, repository: `${url}/moved` })).toMatchObject({ kind: 'tarball' })
    expect(await mirrors().tarball({ ...wanted, repository: `${url}/away` })).toMatchObject({
      problem: expect.stringContaining('a redirect or a link goes to a private address'),
    })
  })

  test.each([
    ['a page', Buffer.from('<html>not a tarball</html>'.repeat(50)), 'it is not a tar file, or it is damaged'],
    ['a zip file', Buffer.from('504b030414000000', 'hex'), 'it is a zip file'],
  ])('%s is a problem', async (_, bytes, words) => {
    const { wanted } = await server(bytes)
    expect(await mirrors().tarball(wanted)).toMatchObject({ kind: 'problem', problem: expect.stringContaining(words) })
  })

  test('half of a compressed file is a problem', async () => {
    const tar = execFileSync('tar', ['-cf', '-', basename(import.meta.filename)], {
      cwd: dirname(import.meta.filename),
    })
    const { wanted } = await server(gzipSync(tar).subarray(0, -100))
    expect(await mirrors().tarball(wanted)).toMatchObject({
      problem: 'the compressed file is damaged (unexpected end of file)',
    })
  })

  test('a path that leaves the directory is a problem with its name', async () => {
    const { wanted } = await served('gzip', directory => {
      writeFileSync(join(directory, 'evil'), 'x')
      return ['--transform', 's,evil,../evil,', '-P', 'evil']
    })
    expect(await mirrors().tarball({ ...wanted, tarball: { strip: 0 } })).toMatchObject({
      problem: 'the path "../evil" is not a path inside of the directory: add it to leave-out in farm.yaml',
    })
  })
})

describe('other systems', () => {
  test.each([
    { repository: 'hg+/nowhere', module: undefined },
    { repository: 'cvs+/nowhere', module: 'x' },
  ])('a missing program is a problem that names its package (%j)', async wanted => {
    const opened = openMirrors({ directory: temporaryDirectory(), environment: { PATH: pathWithGit() } })
    onTestFinished(() => opened.close())
    expect(await opened.resolve(wanted)).toMatchObject({
      problem: expect.stringMatching(/install the package (mercurial|cvs) on the farm's server/),
    })
  })

  test.each([
    [{ repository: 'hg+ext::x' }, 'is no address of Mercurial'],
    [{ repository: 'hg+ssh://-oProxyCommand=x/y' }, 'is no address of Mercurial'],
    [{ repository: 'cvs+:ext;CVS_RSH=x:host:/root', module: 'x' }, 'is no address of CVS'],
    [{ repository: 'cvs+/root', module: '../x' }, 'is not a module of CVS'],
  ])('the farm refuses the address %j', async (wanted, words) => {
    expect(await mirrors().resolve(wanted)).toMatchObject({ problem: expect.stringContaining(words) })
  })
})

/** A directory that has git, but no other program. */
function pathWithGit(): string {
  const directory = temporaryDirectory()
  symlinkSync(execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim(), join(directory, 'git'))
  return directory
}
