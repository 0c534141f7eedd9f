import { expect, test } from 'vitest'
import { describeMistake, readFarmYaml } from './farm-yaml.rule.ts'

const sha256 = 'ab'.repeat(32)

/** A project whose only source has these keys. */
function read(source: string, project = '') {
  const text = `projects:\n  p:\n    repository: https://forge.example/p\n    steps: [{build: make}]\n    sources: {x: ${source}}\n${project}`
  return readFarmYaml(text, { file: 'farm.yaml', directory: '/srv/farm' })
}

test.each([
  [`{repository: /srv/x, submodules: true, lfs: true}`, { repository: '/srv/x', submodules: true, lfs: true }],
  [`{repository: /srv/x, submodules: false}`, { repository: '/srv/x' }],
  [
    `{tarball: https://e.example/x.tar.gz, sha256: ${sha256}}`,
    { repository: 'https://e.example/x.tar.gz', tarball: { sha256 } },
  ],
  [
    `{tarball: https://e.example/x.tar.gz, sha256: ${sha256}, strip: 0, leave-out: [doc]}`,
    { repository: 'https://e.example/x.tar.gz', tarball: { sha256, strip: 0 }, leaveOut: ['doc'] },
  ],
  [
    `{repository: hg+https://hg.example/x, branch: stable}`,
    { repository: 'hg+https://hg.example/x', branch: 'stable' },
  ],
  [`{repository: hg+/srv/hg/x}`, { repository: 'hg+/srv/hg/x' }],
  [`{repository: hg+./x}`, { repository: 'hg+/srv/farm/x' }],
  [
    `{repository: "cvs+:pserver:anoncvs@cvs.example:/cvsroot", module: src/lib, branch: netbsd-9}`,
    { repository: 'cvs+:pserver:anoncvs@cvs.example:/cvsroot', module: 'src/lib', branch: 'netbsd-9' },
  ],
])('a source %s', (source, expected) => {
  const reading = read(source)
  if (reading.kind === 'mistakes') throw new Error(reading.mistakes.map(describeMistake).join('\n'))
  expect(reading.projects[0]?.sources).toEqual([{ name: 'x', leaveOut: [], ...expected }])
})

test.each([
  [`{branch: main}`, 'projects.p.sources.x: found no repository or tarball, expected one of them'],
  [
    `{tarball: https://e.example/x.tgz}`,
    'tarball: found tarball without sha256, expected sha256 too: the farm must verify the file',
  ],
  [
    `{tarball: ftp://e.example/x.tgz, sha256: ${sha256}}`,
    'expected the URL of a tarball, which begins with https:// or http://',
  ],
  [`{tarball: https://e.example/x.tgz, sha256: abc}`, 'expected the SHA-256 of the tarball: 64 hexadecimal digits'],
  [
    `{tarball: https://e.example/x.tgz, sha256: ${sha256}, branch: main}`,
    'branch: found "branch", expected no such key together with tarball',
  ],
  [`{tarball: https://e.example/x.tgz, sha256: ${sha256}, strip: 10}`, 'expected a number from 0 to 9'],
  [`{repository: /srv/x, sha256: ${sha256}}`, 'sha256: found "sha256", expected only together with tarball'],
  [`{repository: /srv/x, module: src}`, 'expected module only with an address that begins with cvs+'],
  [`{repository: /srv/x, submodules: yes}`, 'submodules: found "yes", expected true or false'],
  [`{repository: hg+svn://hg.example/x}`, 'expected hg+https://…, hg+http://…, hg+ssh://…, hg+file:///… or hg+/path'],
  [`{repository: hg+/srv/x, lfs: true}`, 'lfs: found "lfs", expected no such key for Mercurial'],
  [`{repository: cvs+/cvsroot}`, 'found no module, expected module: the module of CVS, such as src/lib'],
  [
    `{repository: "cvs+:pserver:ada:secret@cvs.example:/cvsroot", module: src}`,
    'repository: found another address, expected cvs+:pserver:user@host:/cvsroot',
  ],
  [`{repository: "cvs+:ext;CVS_RSH=sh:host:/cvsroot", module: src}`, 'repository: found another address'],
  [`{repository: cvs+/cvsroot, module: src, commit: 1234567}`, 'commit: found "commit", expected no such key for CVS'],
])('the farm refuses a source %s', (source, words) => {
  const reading = read(source)
  const mistakes = reading.kind === 'mistakes' ? reading.mistakes.map(describeMistake) : []
  expect(mistakes.join('\n')).toContain(words)
  expect(mistakes.join('\n')).not.toContain('secret@')
})

test('the repository of a project cannot be one of Mercurial or CVS', () => {
  const text = 'projects:\n  p:\n    repository: hg+/srv/x\n    submodules: true\n    steps: [{build: make}]\n'
  const reading = readFarmYaml(text, { file: 'farm.yaml', directory: '/' })
  expect(reading).toMatchObject({
    mistakes: [{ found: expect.stringContaining('"hg+"'), expected: expect.stringContaining('only in sources') }],
  })
})
