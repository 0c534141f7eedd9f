import type { Mirrors } from '@rumpfarm/connectors'
import type { Farm } from '@rumpfarm/farm'
import type { AgentRelease } from './agent-release/release.ts'
import type { ClaimLoop } from './background/claim-loop.ts'
import type { Config } from './config.ts'
import type { Bus } from './events/bus.ts'
import type { Viewers } from './events/viewers.ts'

/** The services that the routes use. */
export interface Services {
  config: Config
  farm: Farm
  mirrors: Mirrors
  bus: Bus
  claimLoop: ClaimLoop
  viewers: Viewers
  /** The agent that the farm serves to its hosts now. */
  agentRelease(): Promise<AgentRelease>
  /** The script that installs an agent as a service of its machine. */
  serviceScript(): Promise<string>
  /** The settings for signed requests; undefined if this server accepts none. */
  signed?: SignedEndpoint | undefined
}

export interface SignedEndpoint {
  /** Its address for hosts. */
  url: string
  /** The agent's file as this endpoint serves it. */
  script(): Promise<string>
}
