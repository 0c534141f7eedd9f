/** A tarball that the farm made from its mirror. The jobs of a build unpack it. */
export interface PreparedSource {
  name: string
  repository: string
  commit: string
  path: string | null
  leaveOut: string[]
  bytes: number
  crc: string
  sha256: string
  md5: string
  /** Whether the tarball has the content of submodules, and of files in git LFS. Absent means no. */
  submodules?: boolean
  lfs?: boolean
  /** The module of CVS. */
  module?: string
  /** The source is the tarball at the URL in `repository`, and the commit is its SHA-256. */
  tarball?: { strip?: number }
  /** Set if the commit is a merge of a pull request into its base branch. */
  merged?: MergedSource
}

export interface MergedSource {
  /** The commit of the pull request. */
  head: string
  /** The commit of the base branch. */
  base: string
  /** Who made the merge. Nobody else has the merge of the farm. */
  by: 'forge' | 'farm'
}
