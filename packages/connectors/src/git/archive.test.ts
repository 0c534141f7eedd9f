import { existsSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { makeRepository, quietEnvironment, temporaryDirectory } from '../support/repository.ts'
import { WithoutGlobalHeader, writeArchive } from './archive.ts'
import { openGit } from './git.ts'
import { defaultGitLimits } from './git-runner.ts'
import { openMirror } from './mirror.ts'

async function archiveTo(file: string, size: number) {
  const own = makeRepository({ large: 'x'.repeat(size) })
  const git = openGit(quietEnvironment(), defaultGitLimits)
  const mirror = await openMirror(git, temporaryDirectory(), own.directory)
  if ('problem' in mirror) throw new Error(mirror.problem)
  return writeArchive(git, mirror, { commit: own.git('rev-parse', 'HEAD'), leaveOut: [] }, file)
}

// Linux and the BSDs have this device. Other systems have no simple way to test a full disk.
test.runIf(existsSync('/dev/full')).each([1, 5_000_000])(
  'if the farm writes %i bytes to a full disk, it reports that the disk is full',
  async size => {
    expect(await archiveTo('/dev/full', size)).toEqual({
      kind: 'failed',
      message: expect.stringContaining('ENOSPC'),
    })
  },
)

/** The output of the filter, for input in pieces of this size. */
async function filtered(bytes: Buffer, size: number): Promise<Buffer> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
  const kept: Buffer[] = []
  await pipeline(pieces, new WithoutGlobalHeader(), async source => {
    for await (const piece of source) kept.push(piece as Buffer)
  })
  return Buffer.concat(kept)
}

const block = (type: string, size: number) => {
  const made = Buffer.alloc(512)
  made.write(size.toString(8).padStart(11, '0'), 124)
  made.write(type, 156)
  return made
}

test.each([1, 100, 512, 1023, 1024, 1025, 100_000])(
  'the farm removes the global header if the archive arrives in pieces of %i bytes',
  async size => {
    const rest = Buffer.concat([block('0', 3), Buffer.alloc(512, 'abc'), Buffer.alloc(1024)])
    const global = Buffer.concat([block('g', 52), Buffer.alloc(512, 'c')])
    expect((await filtered(Buffer.concat([global, rest]), size)).equals(rest)).toBe(true)
    expect((await filtered(rest, size)).equals(rest)).toBe(true)
    expect((await filtered(Buffer.from('short'), size)).toString()).toBe('short')
  },
)
