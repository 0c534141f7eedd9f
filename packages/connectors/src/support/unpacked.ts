import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './repository.ts'

/** Unpacks a tarball. Returns the content of its files by their paths. */
export function unpacked(made: { kind: string; file?: string; problem?: string }): Record<string, string> {
  if (made.file === undefined) throw new Error(made.problem)
  const directory = temporaryDirectory()
  execFileSync('tar', ['-xzf', made.file, '-C', directory])
  const names = execFileSync('find', ['.', '-type', 'f', '-printf', '%P\\n'], { cwd: directory, encoding: 'utf8' })
  const paths = names.split('\n').filter(name => name !== '')
  return Object.fromEntries(paths.sort().map(path => [path, readFileSync(join(directory, path), 'utf8')]))
}
