import type { Mirrors } from '@rumpfarm/connectors'
import type { Farm } from '@rumpfarm/farm'
import type { AgentRelease } from './agent-release.ts'
import type { Bus } from './bus.ts'
import type { Config } from './config.ts'
import type { Dispatch } from './dispatch.ts'
import type { Watching } from './watching.ts'

/** What every door and errand works with. */
export interface Parts {
  config: Config
  farm: Farm
  mirrors: Mirrors
  bus: Bus
  dispatch: Dispatch
  watching: Watching
  /** The agent that this farm has for its hosts, as it is now. */
  agentRelease(): Promise<AgentRelease>
  /** The script that makes an agent a service of its machine. */
  serviceScript(): Promise<string>
  /** Where hosts send signed requests; undefined: nowhere. */
  signed?: SignedWay | undefined
}

export interface SignedWay {
  /** What hosts call it. */
  url: string
  /** The agent's file as it is served there. */
  script(): Promise<string>
}
