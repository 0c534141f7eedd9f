import type { Mirrors } from '@rumpfarm/connectors'
import type { Farm } from '@rumpfarm/farm'
import type { AgentRelease } from './agent-release/release.ts'
import type { Dispatch } from './background/dispatch.ts'
import type { Config } from './config.ts'
import type { Bus } from './events/bus.ts'
import type { Viewers } from './events/viewers.ts'

/** What every plugin and task works with. */
export interface Services {
  config: Config
  farm: Farm
  mirrors: Mirrors
  bus: Bus
  dispatch: Dispatch
  viewers: Viewers
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
