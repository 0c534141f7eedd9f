import type { WireLine } from '@rumpfarm/contracts'
import type { AgentRelease } from '../../agent-release/release.ts'

/** If the host has another version of the agent, offers the file that `GET /agent/v1/agent` sends. */
export const updateLines = ({ version, bytes, crc, sha256, md5 }: AgentRelease, has: string | undefined): WireLine[] =>
  version === has ? [] : [['update', `${version} ${bytes.length} crc:${crc} sha256:${sha256} md5:${md5}`]]
