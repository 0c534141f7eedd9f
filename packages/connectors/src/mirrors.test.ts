import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { cksum } from '@rumpfarm/contracts'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type MirrorsOptions, openMirrors } from './mirrors.ts'
import { dumbHttp, smartHttp, startForge } from './support/forge.ts'
import { makeRepository, quietEnvironment, type Repository, temporaryDirectory } from './support/repository.ts'

function mirrors(options: Partial<MirrorsOptions> = {}) {
  const events: string[] = []
  const opened = openMirrors({
    directory: temporaryDirectory(),
    environment: quietEnvironment(),
    log: event => events.push(event),
    ...options,
  })
  onTestFinished(() => opened.close())
  return { ...opened, events }
}

const parts = ({ directory }: Repository) => ({ root: dirname(directory), name: basename(directory) })

/** The names in a tarball, sorted. */
const list = (file: string) => execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n').sort()

describe('finding a commit', () => {
  test('without a ref, the answer is the newest commit of the default branch', async () => {
    const repository = makeRepository()
    const commit = repository.git('rev-parse', 'HEAD')
    expect(await mirrors().resolve({ repository: repository.directory })).toEqual({
      kind: 'commit',
      branch: 'main',
      commit,
      subject: 'First',
      author: 'Ada Lovelace',
      message: 'First',
    })
  })

  test.each(['a path', 'a file URL', 'smart http'])(
    'a ref can be a branch, a tag, or the full or short name of a commit: %s',
    async way => {
      const own = makeRepository()
      const old = own.git('rev-parse', 'HEAD')
      own.git('tag', '--annotate', '--message', 'release', 'v1')
      own.git('switch', '--quiet', '--create', 'fix/one')
      const fix = own.commit('Fix one', { 'fix.c': '' })
      const { root, name } = parts(own)
      const forge = await startForge(smartHttp(root))
      const repository =
        { 'a path': own.directory, 'a file URL': `file://${own.directory}` }[way] ?? `${forge.url}/${name}/.git`
      const { resolve } = mirrors()

      expect(await resolve({ repository, ref: 'fix/one' })).toMatchObject({
        commit: fix,
        branch: 'fix/one',
        subject: 'Fix one',
      })
      expect(await resolve({ repository, ref: 'v1' })).toMatchObject({ kind: 'commit', commit: old, tag: 'v1' })
      expect(await resolve({ repository, ref: 'refs/heads/main' })).toMatchObject({ commit: old, branch: 'main' })
      expect(await resolve({ repository, ref: 'refs/tags/v1' })).toMatchObject({ commit: old, tag: 'v1' })
      expect(await resolve({ repository, ref: 'refs/heads/v1' })).toMatchObject({ kind: 'problem', absent: true })
      expect(await resolve({ repository, ref: 'HEAD' })).toMatchObject({ commit: fix, branch: 'fix/one' })
      expect(await resolve({ repository, ref: fix })).toMatchObject({ kind: 'commit', commit: fix })
      expect(await resolve({ repository, ref: old.slice(0, 9) })).toMatchObject({ kind: 'commit', commit: old })
    },
  )

  test.each(['a path', 'smart http'])('the farm builds from a SHA-256 repository: %s', async way => {
    const own = makeRepository({ a: 'b' }, 'sha256')
    const commit = own.git('rev-parse', 'HEAD')
    expect(commit).toHaveLength(64)
    const { root, name } = parts(own)
    const forge = await startForge(smartHttp(root))
    const repository = way === 'a path' ? own.directory : `${forge.url}/${name}/.git`
    const { resolve, tarball } = mirrors()

    expect(await resolve({ repository })).toMatchObject({ kind: 'commit', commit, branch: 'main', subject: 'First' })
    expect(await tarball({ repository, commit, leaveOut: [] })).toMatchObject({ kind: 'tarball' })
  })

  test('each call for a branch returns the newest commit of the branch', async () => {
    const own = makeRepository()
    const forge = await startForge(smartHttp(parts(own).root))
    const repository = `${forge.url}/${parts(own).name}/.git`
    const { resolve } = mirrors()
    await resolve({ repository, ref: 'main' })
    const next = own.commit('Next', { a: 'b' })
    expect(await resolve({ repository, ref: 'main' })).toMatchObject({ commit: next, subject: 'Next' })
  })

  test('if the mirror has a commit, a request with its full name needs no network, even after a restart', async () => {
    const own = makeRepository()
    const forge = await startForge(smartHttp(parts(own).root))
    const wanted = { repository: `${forge.url}/${parts(own).name}/.git`, ref: own.git('rev-parse', 'HEAD') }
    const directory = temporaryDirectory()
    await mirrors({ directory }).resolve(wanted)
    const before = forge.asked.length
    expect(before).toBeGreaterThan(0)
    expect(await mirrors({ directory }).resolve(wanted)).toMatchObject({ kind: 'commit' })
    expect(forge.asked.length).toBe(before)
  })

  test('ten simultaneous calls for one commit share one fetch', async () => {
    const own = makeRepository()
    const forge = await startForge(smartHttp(parts(own).root))
    const wanted = { repository: `${forge.url}/${parts(own).name}/.git`, ref: own.git('rev-parse', 'HEAD') }
    const { resolve, events } = mirrors()
    const answers = await Promise.all(Array.from({ length: 10 }, () => resolve(wanted)))
    expect(new Set(answers.map(answer => answer.kind))).toEqual(new Set(['commit']))
    expect(events).toEqual(['fetched'])
  })

  test('the mirror can fetch a commit that is not on any branch', async () => {
    const own = makeRepository()
    const lost = own.commit('Lost', { a: 'b' })
    own.git('reset', '--quiet', '--hard', 'HEAD~1')
    const forge = await startForge(smartHttp(parts(own).root))
    expect(await mirrors().resolve({ repository: `${forge.url}/${parts(own).name}/.git`, ref: lost })).toMatchObject({
      kind: 'commit',
      subject: 'Lost',
    })
  })

  test('the mirror fetches all branches from a forge that cannot send single commits', async () => {
    const own = makeRepository()
    const old = own.git('rev-parse', 'HEAD')
    own.commit('Next', { a: 'b' })
    own.git('update-server-info')
    const forge = await startForge(dumbHttp(parts(own).root))
    const { resolve } = mirrors()
    const repository = `${forge.url}/${parts(own).name}/.git`
    expect(await resolve({ repository, ref: old })).toMatchObject({ kind: 'commit', subject: 'First' })
    expect(await resolve({ repository, ref: 'main' })).toMatchObject({ kind: 'commit', subject: 'Next' })
  })

  test('the farm can build from a shallow copy of a repository', async () => {
    const own = makeRepository()
    const tip = own.commit('Next', { a: 'b' })
    const copy = join(temporaryDirectory(), 'copy')
    own.git('clone', '--quiet', '--depth=1', `file://${own.directory}`, copy)
    const { resolve, tarball } = mirrors()
    expect(await resolve({ repository: copy })).toMatchObject({ kind: 'commit', commit: tip })
    expect(await tarball({ repository: copy, commit: tip, leaveOut: [] })).toMatchObject({ kind: 'tarball' })
    const forge = await startForge(smartHttp(dirname(copy)))
    expect(await resolve({ repository: `${forge.url}/copy/.git` })).toMatchObject({ kind: 'commit', commit: tip })
  })

  test('an administrator can replace a forge by a local copy (insteadOf)', async () => {
    const own = makeRepository()
    const config = join(temporaryDirectory(), 'gitconfig')
    writeFileSync(config, `[url "${own.directory}"]\n\tinsteadOf = https://forge.example/x\n`)
    const { resolve } = mirrors({ environment: quietEnvironment({ GIT_CONFIG_GLOBAL: config }) })
    expect(await resolve({ repository: 'https://forge.example/x' })).toMatchObject({ kind: 'commit', branch: 'main' })
  })

  test('the farm also finds a local repository x.git by the name x, as git does', async () => {
    const own = makeRepository()
    const copies = temporaryDirectory()
    own.git('clone', '--quiet', '--mirror', own.directory, join(copies, 'x.git'))
    const config = join(temporaryDirectory(), 'gitconfig')
    writeFileSync(config, `[url "${copies}/"]\n\tinsteadOf = https://forge.example/\n`)
    const { resolve } = mirrors({ environment: quietEnvironment({ GIT_CONFIG_GLOBAL: config }) })
    for (const repository of ['https://forge.example/x', 'https://forge.example/x.git', `${copies}/x`])
      expect(await resolve({ repository })).toMatchObject({ kind: 'commit', branch: 'main' })
  })

  test.runIf(process.getuid?.() === 0)('the farm reads a repository that belongs to another user', async () => {
    const own = makeRepository()
    for (const name of ['', '.git']) chownSync(join(own.directory, name), 65_534, 65_534)
    const link = join(temporaryDirectory(), "it's a link")
    symlinkSync(own.directory, link)
    const { resolve } = mirrors()
    expect(await resolve({ repository: own.directory })).toMatchObject({ kind: 'commit' })
    expect(await resolve({ repository: `file://${own.directory}` })).toMatchObject({ kind: 'commit' })
  })
})

describe('the message of a problem says what to do', () => {
  test('the farm reports a commit that does not exist', async () => {
    const own = makeRepository()
    const tip = own.git('rev-parse', 'HEAD')
    const forge = await startForge(smartHttp(parts(own).root))
    const absent = 'f'.repeat(40)
    for (const repository of [own.directory, `${forge.url}/${parts(own).name}/.git`]) {
      const problem = `${repository} has no commit ${absent}; newest of main is ${tip}`
      expect(await mirrors().resolve({ repository, ref: absent })).toEqual({ kind: 'problem', problem, absent: true })
    }
  })

  test.each(['nope', 'abcdef0'])('the farm reports a branch that does not exist: %s', async ref => {
    const own = makeRepository()
    const tip = own.git('rev-parse', 'HEAD')
    const problem = `${own.directory} has no branch, tag or commit ${ref}; newest of main is ${tip}`
    expect(await mirrors().resolve({ repository: own.directory, ref })).toEqual({
      kind: 'problem',
      problem,
      absent: true,
    })
  })

  test('the farm reports a repository without commits', async () => {
    const own = makeRepository()
    const empty = join(temporaryDirectory(), 'empty')
    own.git('init', '--quiet', '--bare', empty)
    expect(await mirrors().resolve({ repository: empty })).toEqual({
      kind: 'problem',
      problem: `${empty} has no commit yet`,
      absent: true,
    })
  })

  test('the farm reports a path that does not exist', async () => {
    expect(await mirrors().resolve({ repository: '/nonexistent/x' })).toEqual({
      kind: 'problem',
      problem:
        "cannot read /nonexistent/x: fatal: cannot change to '/nonexistent/x': No such file or directory (check the repository's address in farm.yaml)",
    })
  })

  test('the farm reports a directory that is not a repository', async () => {
    const answer = await mirrors().resolve({ repository: temporaryDirectory() })
    expect(answer).toMatchObject({ kind: 'problem', problem: expect.stringContaining('not a git repository') })
  })

  test.each([
    [404, "not found (check the repository's address in farm.yaml)"],
    [500, 'The requested URL returned error: 500 (the forge failed)'],
    [403, 'The requested URL returned error: 403 (give the farm'],
  ])('if a forge answers with the status %i, the farm explains the status', async (status, words) => {
    const forge = await startForge((_request, response) => response.writeHead(status).end())
    const answer = await mirrors().resolve({ repository: `${forge.url}/x.git` })
    expect(answer).toMatchObject({ kind: 'problem', problem: expect.stringContaining(words) })
  })

  test('if a forge requires a password, the farm reports this at once', async () => {
    const forge = await startForge((_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    )
    const answer = await mirrors().resolve({ repository: `${forge.url}/x.git` })
    expect(answer).toMatchObject({ kind: 'problem', problem: expect.stringContaining("(give the farm's user access") })
  })

  test('the farm reports a forge that refuses the connection', async () => {
    const answer = await mirrors().resolve({ repository: 'http://127.0.0.1:1/x.git', ref: 'a'.repeat(40) })
    expect(answer).toMatchObject({ kind: 'problem', problem: expect.stringContaining('(the forge does not answer') })
  })

  test('the farm reports a forge that does not answer', async () => {
    const forge = await startForge(() => undefined)
    const answer = await mirrors({ limits: { listSeconds: 0.5 } }).resolve({ repository: `${forge.url}/x.git` })
    expect(answer).toMatchObject({ kind: 'problem', problem: expect.stringContaining('no answer within 0.5 s') })
  })

  test('`close` ends a waiting git process and the helpers of this process', async () => {
    const forge = await startForge(() => undefined)
    const { resolve, close } = mirrors()
    const answer = resolve({ repository: `${forge.url}/x.git` })
    await vi.waitFor(() => expect(forge.asked).toHaveLength(1), { timeout: 20_000 })
    expect(await forge.connections()).toBe(1)
    close()
    expect(await answer).toMatchObject({ kind: 'problem' })
    await vi.waitFor(async () => expect(await forge.connections()).toBe(0), { timeout: 20_000 })
  })

  test('if an address contains credentials, no message shows them', async () => {
    const forge = await startForge((_request, response) => response.writeHead(500).end())
    const logged: unknown[] = []
    const { resolve } = mirrors({ log: (_event, fields) => logged.push(fields) })
    const answer = await resolve({ repository: `${forge.url.replace('//', '//ada:s3cret@')}/x.git?token=hidden` })
    expect(JSON.stringify([answer, logged])).not.toMatch(/s3cret|hidden/)
    expect(JSON.stringify(answer)).toContain('***@127.0.0.1')
  })

  test.each([
    ['--upload-pack=touch pwned', 'begins with "-"'],
    ['ext::sh -c true', 'empty, too long, or has spaces'],
    ['ext::true', 'names a remote helper'],
    ['relative/path', 'neither a URL nor an absolute path'],
    ['gopher://forge.example/x', "transport 'gopher' not allowed"],
    ['', 'empty, too long'],
  ])('the farm refuses the repository %j', async (repository, words) => {
    expect(await mirrors().resolve({ repository })).toMatchObject({ problem: expect.stringContaining(words) })
  })

  test.each(['--all', 'a..b', 'main^', 'a b', ':x', 'HEAD~1', '@{-1}'])('the farm refuses the ref %j', async ref => {
    const repository = makeRepository().directory
    expect(await mirrors().resolve({ repository, ref })).toMatchObject({
      problem: `"${ref}" is not a name of a branch, a tag or a commit`,
    })
  })

  test('if the farm cannot write to its directory, the message says so', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const answer = await mirrors({ directory: join(file, 'below') }).resolve({ repository: makeRepository().directory })
    expect(answer).toMatchObject({ problem: expect.stringContaining("the farm's own directory: ENOTDIR") })
  })
})

describe('tarballs', () => {
  test('the tarball has the files of the commit, without a leading directory', async () => {
    const own = makeRepository({ 'a.c': 'int a;\n', 'sub/b.c': 'int b;\n' })
    const commit = own.commit('More', { 'c.c': '' })
    const made = await mirrors().tarball({ repository: own.directory, commit, leaveOut: [] })
    if (made.kind === 'problem') throw new Error(made.problem)
    expect(list(made.file)).toEqual(['a.c', 'c.c', 'sub/', 'sub/b.c'])
  })

  test('the checksums match the bytes of the tarball', async () => {
    const own = makeRepository()
    const made = await mirrors().tarball({
      repository: own.directory,
      commit: own.git('rev-parse', 'HEAD'),
      leaveOut: [],
    })
    if (made.kind === 'problem') throw new Error(made.problem)
    const bytes = readFileSync(made.file)
    const sum = (program: string) => execFileSync(program, [made.file], { encoding: 'utf8' }).split(' ')[0]
    expect(made).toMatchObject({
      bytes: bytes.length,
      crc: String(cksum(bytes)),
      sha256: sum('sha256sum'),
      md5: sum('md5sum'),
    })
  })

  test('the same subdirectory of a commit gives the same bytes, and every file has the commit’s time', async () => {
    const own = makeRepository({ 'sub/a.c': 'int a;\n', 'sub/deep/b.c': '' })
    const commit = own.git('rev-parse', 'HEAD')
    const wanted = { repository: own.directory, commit, path: 'sub', leaveOut: [] }
    const [one, two] = await Promise.all([mirrors().tarball(wanted), mirrors().tarball(wanted)])
    if (one.kind === 'problem' || two.kind === 'problem') throw new Error('no tarball')
    expect(list(one.file)).toEqual(['a.c', 'deep/', 'deep/b.c'])
    expect(one.sha256).toBe(two.sha256)
    const times = execFileSync('tar', ['--utc', '--full-time', '-tvzf', one.file], { encoding: 'utf8' })
    expect(times.match(/2023-11-14 22:14:20/g)).toHaveLength(3)
  })

  test('the settings of an administrator do not change the tarball', async () => {
    const own = makeRepository({ '.gitattributes': 'a.txt text\n', 'a.txt': 'a\n' })
    const wanted = { repository: own.directory, commit: own.git('rev-parse', 'HEAD'), leaveOut: [] }
    const config = join(temporaryDirectory(), 'gitconfig')
    writeFileSync(config, '[core]\n\tautocrlf = true\n[tar]\n\tumask = 0077\n')
    const one = await mirrors().tarball(wanted)
    const two = await mirrors({ environment: quietEnvironment({ GIT_CONFIG_GLOBAL: config }) }).tarball(wanted)
    if (one.kind === 'problem' || two.kind === 'problem') throw new Error('no tarball')
    expect(two.sha256).toBe(one.sha256)
  })

  test('a path in leave-out is not a pattern', async () => {
    const own = makeRepository({ 'a.c': '', 'big/x': '', 'big/y': '', 'sub/*.c': '', 'sub/z.c': '' })
    const commit = own.git('rev-parse', 'HEAD')
    const made = await mirrors().tarball({ repository: own.directory, commit, leaveOut: ['big', 'sub/*.c'] })
    if (made.kind === 'problem') throw new Error(made.problem)
    expect(list(made.file)).toEqual(['a.c', 'sub/', 'sub/z.c'])
  })

  test('the tarball has no pax header, which old tar programs unpack as a file', async () => {
    const own = makeRepository()
    const made = await mirrors().tarball({
      repository: own.directory,
      commit: own.git('rev-parse', 'HEAD'),
      leaveOut: [],
    })
    if (made.kind === 'problem') throw new Error(made.problem)
    expect(gunzipSync(readFileSync(made.file)).toString('latin1', 0, 7)).toBe('hello.c')
  })

  test('git attributes neither remove files from the tarball nor change its files', async () => {
    const own = makeRepository({
      '.gitattributes': 'a export-ignore\nb export-subst ident\n',
      a: 'x',
      b: '$Format:%H$ $Id$',
    })
    const commit = own.git('rev-parse', 'HEAD')
    const made = await mirrors().tarball({ repository: own.directory, commit, leaveOut: [] })
    if (made.kind === 'problem') throw new Error(made.problem)
    expect(list(made.file)).toEqual(['.gitattributes', 'a', 'b'])
    expect(execFileSync('tar', ['-xzOf', made.file, 'b'], { encoding: 'utf8' })).toBe('$Format:%H$ $Id$')
  })

  test('if the commit of a tarball is not in the mirror, the farm fetches the commit', async () => {
    const own = makeRepository()
    const forge = await startForge(smartHttp(parts(own).root))
    const repository = `${forge.url}/${parts(own).name}/.git`
    const made = await mirrors().tarball({ repository, commit: own.git('rev-parse', 'HEAD'), leaveOut: [] })
    expect(made).toMatchObject({ kind: 'tarball' })
  })

  test('ten simultaneous calls for one tarball make the tarball once, and later calls reuse the tarball', async () => {
    const own = makeRepository()
    const wanted = { repository: own.directory, commit: own.git('rev-parse', 'HEAD'), leaveOut: [] }
    const directory = temporaryDirectory()
    const first = mirrors({ directory })
    const answers = await Promise.all(Array.from({ length: 10 }, () => first.tarball(wanted)))
    expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
    expect(await first.tarball(wanted)).toEqual(answers[0])
    const second = mirrors({ directory })
    expect(await second.tarball(wanted)).toEqual(answers[0])
    expect([...first.events, ...second.events]).toEqual(['tarball-made'])
  })

  test.each([
    ['too short', (bytes: Buffer) => bytes.subarray(1)],
    ['full of zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
  ])('if the file of a tarball is %s, the farm makes the tarball again', async (_name, spoil) => {
    const own = makeRepository()
    const wanted = { repository: own.directory, commit: own.git('rev-parse', 'HEAD'), leaveOut: [] }
    const directory = temporaryDirectory()
    const made = await mirrors({ directory }).tarball(wanted)
    if (made.kind === 'problem') throw new Error(made.problem)
    const bytes = readFileSync(made.file)
    writeFileSync(made.file, spoil(bytes))
    expect(await mirrors({ directory }).tarball(wanted)).toEqual(made)
    expect(readFileSync(made.file).equals(bytes)).toBe(true)
  })

  test('if the cache is full, the farm removes the least recently used tarballs', async () => {
    const own = makeRepository()
    const directory = temporaryDirectory()
    const { tarball } = mirrors({ directory, tarballBytesMax: 1 })
    const files: string[] = []
    for (const subject of ['one', 'two', 'three']) {
      const made = await tarball({
        repository: own.directory,
        commit: own.commit(subject, { a: subject }),
        leaveOut: [],
      })
      if (made.kind === 'problem') throw new Error(made.problem)
      files.push(made.file)
    }
    const onlyNewest = () => expect(files.map(file => existsSync(file))).toEqual([false, false, true])
    await vi.waitFor(onlyNewest, { timeout: 20_000 })
    const left = () =>
      readdirSync(join(directory, 'tarballs'), { recursive: true }).filter(name => /\.\w+$/.test(`${name}`))
    await vi.waitFor(() => expect(left()).toHaveLength(2), { timeout: 20_000 })
  })

  test('the farm makes a removed tarball again with the same bytes', async () => {
    const own = makeRepository()
    const wanted = { repository: own.directory, commit: own.git('rev-parse', 'HEAD'), leaveOut: [] }
    const { tarball } = mirrors({ tarballBytesMax: 1 })
    const first = await tarball(wanted)
    await tarball({ ...wanted, commit: own.commit('two', { a: 'b' }) })
    if (first.kind === 'problem') throw new Error(first.problem)
    await vi.waitFor(() => expect(existsSync(first.file)).toBe(false), { timeout: 20_000 })
    expect(await tarball(wanted)).toEqual(first)
    expect(statSync(first.file).size).toBe(first.bytes)
  })

  test.each([
    [{ commit: 'main' }, '"main" is not a full commit: resolve it first'],
    [{ path: '../x' }, '"../x" is not a path inside a repository'],
    [{ leaveOut: ['/etc'] }, '"/etc" is not a path inside a repository'],
    [{ path: 'none' }, /cannot pack none of .*: fatal: /],
  ])('the farm makes no tarball of %j', async (wrong, problem) => {
    const own = makeRepository()
    const commit = own.git('rev-parse', 'HEAD')
    const answer = await mirrors().tarball({ repository: own.directory, commit, leaveOut: [], ...wrong })
    expect(answer).toMatchObject({ problem: expect.stringMatching(problem) })
  })
})

describe('reading a file', () => {
  test('for a submodule, `readFile` returns the name of the submodule’s commit', async () => {
    const own = makeRepository({ '.gitmodules': '' })
    const at = 'a1'.repeat(20)
    own.git('update-index', '--add', '--cacheinfo', `160000,${at},lib/part`)
    own.git('commit', '--quiet', '-m', 'A submodule')
    const commit = own.git('rev-parse', 'HEAD')
    const answer = await mirrors().readFile({ repository: own.directory, commit, path: 'lib/part' })
    expect(answer).toEqual({ kind: 'file', text: at })
  })

  test('`readFile` returns the text of a file', async () => {
    const own = makeRepository({ '.srcgitrev': 'abc\n' })
    const commit = own.git('rev-parse', 'HEAD')
    const { readFile } = mirrors()
    expect(await readFile({ repository: own.directory, commit, path: '.srcgitrev' })).toEqual({
      kind: 'file',
      text: 'abc\n',
    })
    expect(await readFile({ repository: own.directory, commit, path: 'none' })).toEqual({
      kind: 'problem',
      problem: `${own.directory} at ${commit.slice(0, 12)} has no file none`,
    })
  })

  test('`readFile` refuses a large file', async () => {
    const own = makeRepository({ large: 'x'.repeat(65_537) })
    const commit = own.git('rev-parse', 'HEAD')
    expect(await mirrors().readFile({ repository: own.directory, commit, path: 'large' })).toMatchObject({
      problem: expect.stringContaining('has 65537 bytes, more than 65536'),
    })
  })
})
