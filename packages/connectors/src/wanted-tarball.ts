import { cut } from '@rumpfarm/contracts'
import { isFullCommit, isInnerPath } from './git/addresses.ts'
import type { TarballContent } from './git/archive.ts'

/** What a source has in addition to the files of a git commit. */
export interface SourceOptions {
  /** The tarball has the content of all submodules. */
  submodules?: boolean | undefined
  /** The tarball has the content of files in git LFS, instead of their pointers. */
  lfs?: boolean | undefined
  /** The repository is the URL of a tarball, and the commit is the SHA-256 of this tarball. */
  tarball?: { strip?: number | undefined } | undefined
  /** The module of CVS. */
  module?: string | undefined
}

export type WantedTarball = { repository: string } & TarballContent & SourceOptions

/** The options that are set. So a source without options keeps the key of its tarball. */
export const definedOf = (options: SourceOptions): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== false))

/** Why the farm cannot pack this; undefined if it is well-formed. */
export function contentProblem({ commit, path, leaveOut }: TarballContent): string | undefined {
  if (!isFullCommit(commit)) return `"${commit.slice(0, 100)}" is not a full commit: resolve it first`
  const wrong = [...(path === undefined ? [] : [path]), ...leaveOut].find(inner => !isInnerPath(inner))
  return wrong === undefined ? undefined : `"${cut(wrong, 100)}" is not a path inside a repository`
}
