import type { Git } from './git.ts'
import type { Mirror } from './mirror.ts'
import { TarError } from './tar-stream.ts'

export interface TreeEntry {
  /** Six digits, for example 100644. */
  mode: string
  hash: string
  /** The bytes of a file; undefined for a submodule. */
  size: number | undefined
  path: Buffer
}

/** All files and submodules of a commit. Throws TarError for people. */
export async function* readWholeTree(git: Git, { directory }: Mirror, commit: string): AsyncGenerator<TreeEntry> {
  const running = await git.stream({
    args: ['ls-tree', '-r', '-l', '-z', '--full-tree', commit],
    seconds: git.limits.archiveSeconds,
    cwd: directory,
    also: { GIT_DIR: directory },
  })
  try {
    let rest = Buffer.alloc(0)
    for await (const piece of running.stdout) {
      rest = Buffer.concat([rest, piece as Buffer])
      let at = 0
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0, at)) {
        yield entryOf(rest.subarray(at, end))
        at = end + 1
      }
      rest = rest.subarray(at)
    }
    const end = await running.ended
    if (end.kind === 'failed') throw new TarError(end.message)
  } finally {
    running.kill()
  }
}

function entryOf(line: Buffer): TreeEntry {
  const tab = line.indexOf(9)
  const [mode = '', , hash = '', size = '-'] = line.toString('latin1', 0, tab).split(/ +/)
  return { mode, hash, size: size === '-' ? undefined : Number(size), path: line.subarray(tab + 1) }
}
