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
}
