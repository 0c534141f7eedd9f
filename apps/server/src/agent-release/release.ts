import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { cksum } from '@rumpfarm/contracts'

/** The agent that the farm serves to its hosts. */
export interface AgentRelease {
  version: string
  /** The bundle without the farm's address, so its checksums are the same on every server. */
  bytes: Buffer
  crc: number
  sha256: string
  md5: string
}

/** Reads the file again only if it has changed, because every hello needs the bundle. */
export function agentReleases(file: URL): () => Promise<AgentRelease> {
  let known: { stamp: string; release: AgentRelease } | undefined
  return async () => {
    const { mtimeMs, size, ino } = await stat(file)
    const stamp = `${mtimeMs} ${size} ${ino}`
    if (known?.stamp !== stamp) known = { stamp, release: releaseOf(await readFile(file)) }
    return known.release
  }
}

export function releaseOf(bytes: Buffer): AgentRelease {
  const version = /^AGENT_VERSION=(\S+)$/m.exec(bytes.toString('latin1'))?.[1]
  if (version === undefined) throw new Error('the agent has no line AGENT_VERSION=…: bundle it again')
  const hex = (name: string) => createHash(name).update(bytes).digest('hex')
  return { version, bytes, crc: cksum(bytes), sha256: hex('sha256'), md5: hex('md5') }
}

/** Returns the version that the farm offers to a host; null if the host has this version. */
export async function offeredTo(
  { agentVersion }: { agentVersion: string },
  agentRelease: () => Promise<AgentRelease>,
): Promise<string | null> {
  const { version } = await agentRelease()
  return version === agentVersion ? null : version
}
