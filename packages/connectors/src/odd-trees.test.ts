// Trees that git itself does not write. A program can write and push them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openMirrors } from './mirrors.ts'
import { makeRepository, quietEnvironment, type Repository, temporaryDirectory } from './support/repository.ts'
import { unpacked } from './support/unpacked.ts'

type Entry = [mode: string, name: string, hash: string]

/** Writes a tree exactly so. Returns its hash. */
function writeTree({ git }: Repository, entries: readonly Entry[]): string {
  const file = join(temporaryDirectory(), 'tree')
  const bytes = entries.map(([mode, name, hash]) =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(hash, 'hex')]),
  )
  writeFileSync(file, Buffer.concat(bytes))
  return git('hash-object', '-t', 'tree', '-w', '--literally', file)
}

/** Packs a commit with these entries, also with so many others that git archive packs it. */
async function pack(entriesOf: (blob: string, tree: string) => Entry[], others: number) {
  const own = makeRepository()
  const blob = own.git('rev-parse', 'HEAD:hello.c')
  const entries = entriesOf(blob, own.git('rev-parse', 'HEAD^{tree}'))
  const more = Array.from({ length: others }, (_, number): Entry => ['100644', `x${10_000 + number}`, blob])
  const commit = own.git('commit-tree', '-m', 'Odd', '-p', 'HEAD', writeTree(own, [...entries, ...more]))
  own.git('update-ref', 'refs/heads/main', commit)
  const mirrors = openMirrors({ directory: temporaryDirectory(), environment: quietEnvironment() })
  onTestFinished(() => mirrors.close())
  return mirrors.tarball({ repository: own.directory, commit, leaveOut: [] })
}

const wrong: [string, (blob: string, tree: string) => Entry[], RegExp][] = [
  ['..', blob => [['100644', '..', blob]], /invalid path '\.\.' \(no part of a path may be/],
  ['a directory ..', (_, tree) => [['40000', '..', tree]], /invalid path '\.\.\/hello\.c'/],
  ['.', blob => [['100644', '.', blob]], /invalid path '\.'/],
  ['.git', (_, tree) => [['40000', '.git', tree]], /invalid path '\.git\/hello\.c'/],
  ['.GIT', (_, tree) => [['40000', '.GIT', tree]], /invalid path '\.GIT\/hello\.c'/],
  ['git~1, which is .git on Windows', blob => [['100644', 'git~1', blob]], /invalid path 'git~1'/],
  ['/etc/x', blob => [['100644', '/etc/x', blob]], /invalid path '\/etc\/x'/],
  ['no name', blob => [['100644', '', blob]], /empty filename/],
  [
    'a/b',
    blob => [['100644', 'a/b', blob]],
    /the name of a file in the commit has a slash: "a\/b": correct the commit/,
  ],
  [
    'a link a and a file a/b',
    blob => [
      ['120000', 'a', blob],
      ['100644', 'a/b', blob],
    ],
    /has a slash: "a\/b"/,
  ],
  [
    'two files with the same name',
    blob => [
      ['100644', 'a', blob],
      ['100644', 'a', blob],
    ],
    /the commit has two files with the same path: "a": correct the commit/,
  ],
  [
    // A tar program that follows the link would write the file outside of the directory.
    'a link and a directory with the same name',
    (blob, tree) => [
      ['120000', 'a', blob],
      ['40000', 'a', tree],
    ],
    /two files with the same path: "a\/"/,
  ],
]

test.each(wrong)('a commit with %s is not packed, and the message has the path', async (_, entries, problem) => {
  for (const others of [0, 501])
    expect(await pack(entries, others)).toMatchObject({ kind: 'problem', problem: expect.stringMatching(problem) })
})

test.each([0, 501])('names that only resemble wrong names are packed (with %i other files)', async others => {
  const names = ['...', '.gitattributes', '.gitignore', '.gitx', 'a\\b', 'git', 'x.git', '~1']
  const packed = await pack(blob => names.map(name => ['100644', name, blob]), others)
  expect(
    Object.keys(unpacked(packed))
      .filter(name => !/^x\d/.test(name))
      .sort(),
  ).toEqual(names)
})
