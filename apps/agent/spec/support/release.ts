import { cksum, md5, sha256 } from './sums.ts'

/** An agent as a farm offers and serves it; a test may spoil what is served. */
export type Release = {
  version: string
  /** What comes after `update`. */
  line: string
  served: Buffer
  /** Its Content-Length; more than there are bytes: the connection breaks. */
  announced: number
}

export const releaseOf = (text: string): Release => {
  const served = Buffer.from(text)
  const version = /^AGENT_VERSION=(.*)$/m.exec(text)?.[1] ?? ''
  const line = `${version} ${served.length} crc:${cksum(served)} sha256:${sha256(served)} md5:${md5(served)}`
  return { version, line, served, announced: served.length }
}
