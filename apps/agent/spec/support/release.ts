import { cksum, md5, sha256 } from './sums.ts'

/** A version that a farm offers and serves; a test may change the served bytes. */
export type Release = {
  version: string
  /** The value of the line `update`. */
  line: string
  served: Buffer
  /** The Content-Length of the download. If `served` is shorter, the farm breaks the connection after `served`. */
  announced: number
}

export const releaseOf = (text: string): Release => {
  const served = Buffer.from(text)
  const version = /^AGENT_VERSION=(.*)$/m.exec(text)?.[1] ?? ''
  const line = `${version} ${served.length} crc:${cksum(served)} sha256:${sha256(served)} md5:${md5(served)}`
  return { version, line, served, announced: served.length }
}
