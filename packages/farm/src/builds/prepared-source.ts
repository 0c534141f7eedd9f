/** One tarball that the jobs of a build unpack, as the farm's mirror prepared it. */
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
