import type { Readable } from 'node:stream'
import type { AttemptId } from '@rumpfarm/contracts'
import type { ArtifactKey } from '@rumpfarm/storage'
import type { Contexts } from '../context.ts'
import { type ArtifactPiece, storeArtifact } from './artifacts.ts'
import { askForWork, type Claim, type HostCondition, leaseAttempt } from './claim.ts'
import { expireLeases, extendLeases } from './expire-leases.ts'
import { type Finish, finish } from './finish.ts'
import { sourcesOfLease } from './lease-sources.ts'
import { type Progress, progress } from './progress.ts'
import { queuedAttempts } from './queued.ts'

export type { ArtifactOutcome, ToldArtifact } from './artifacts.ts'
export type { Claim, HostCondition, Offer, SlotState } from './claim.ts'
export type { FinishOutcome } from './finish.ts'
export type { ProgressOutcome } from './progress.ts'

/** Attempts: their claims, leases, progress, logs and artifacts. */
export const attemptMethods = ({ main }: Contexts) => ({
  /** The state of a host's slot. It also renews the host's last-seen time. */
  checkSlot: (claim: Claim, condition?: HostCondition) => askForWork(main, claim, condition),
  /** Leases a queued attempt to a slot; undefined if the attempt is not available any more. */
  lease: (claim: Claim, attempt: AttemptId) => leaseAttempt(main, claim, attempt),
  /** The sources that an attempt unpacks; undefined if this host does not hold it with this lease. */
  sourcesOf: (attempt: AttemptId, hostId: number, lease: string) => sourcesOfLease(main, attempt, hostId, lease),
  recordProgress: (message: Progress) => progress(main, message),
  /** Stores bytes of a file that the job uploads. */
  storeArtifact: (message: ArtifactPiece) => storeArtifact(main, message),
  finish: (message: Finish) => finish(main, message),
  /** Drops what this process caches of an attempt, because some server changed its row. */
  dropCached: (attempt: string) => main.running.forget(attempt),

  /** Claimable attempts, oldest first. */
  listQueued: () => queuedAttempts(main),
  /** Ends attempts of silent hosts; call it every few seconds. */
  expireLeases: () => expireLeases(main),
  /** Gives every lease its full length again; a server calls it once when it starts. */
  extendLeases: () => extendLeases(main),

  /** How many bytes of an attempt's log the farm holds. */
  logSize: (attempt: AttemptId) => main.logs.size(attempt),
  /** The log's bytes from `start` up to, and without, `end` (at most `logSize`). */
  readLog: (attempt: AttemptId, start: number, end: number): Readable => main.logs.read(attempt, start, end),
  artifactSize: (artifact: ArtifactKey) => main.artifacts.size(artifact),
  readArtifact: (artifact: ArtifactKey, start: number, end: number): Readable =>
    main.artifacts.read(artifact, start, end),
})
