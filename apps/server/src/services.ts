import type { Mirrors, Uploads } from '@rumpfarm/connectors'
import type { Farm } from '@rumpfarm/farm'
import type { AgentRelease } from './agent-release/release.ts'
import type { ClaimLoop } from './background/claim-loop.ts'
import type { Config } from './config.ts'
import type { Bus } from './events/bus.ts'
import type { Viewers } from './events/viewers.ts'
import type { Draining } from './http/draining.ts'
import type { SharedCounts } from './http/shared-counts.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { DeliveryWork } from './trigger/delivery-work.ts'

/** The services that the routes use. */
export interface Services {
  config: Config
  farm: Farm
  mirrors: Mirrors
  /** The uploaded trees of tries. */
  uploads: Uploads
  bus: Bus
  claimLoop: ClaimLoop
  viewers: Viewers
  metrics: Metrics
  /** Handles webhooks after the answer. */
  deliveryWork: DeliveryWork
  /** Returns the agent that the farm now serves to its hosts. */
  agentRelease(): Promise<AgentRelease>
  /** Returns the script that installs an agent as a service of its machine. */
  serviceScript(): Promise<string>
  /** Counts of clients that all servers share; undefined without Redis. */
  sharedCounts?: SharedCounts | undefined
  /** Says when this server stops. */
  draining?: Draining | undefined
  /** What is wrong between this server and the other servers, for people. */
  serverProblems?: (() => readonly string[]) | undefined
  /** Rejects if the bucket does not answer; undefined if logs and artifacts are in the data directory. */
  pingBucket?: (() => Promise<unknown>) | undefined
  /** Rejects if Redis does not answer; undefined if this server uses no Redis. */
  pingRedis?: (() => Promise<unknown>) | undefined
  /** The settings for signed requests; undefined if this server accepts no signed requests. */
  signed?: SignedEndpoint | undefined
}

export interface SignedEndpoint {
  /** The address at which hosts reach this endpoint. */
  url: string
  /** Returns the agent with the address of this endpoint in it. */
  script(): Promise<string>
}
