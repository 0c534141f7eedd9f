export interface TarballContent {
  commit: string
  /** The directory that becomes the root of the tarball. By default, this is the root of the repository. */
  path?: string | undefined
  /** Paths below the root that the tarball does not contain. */
  leaveOut: readonly string[]
}
