import type { Readable } from 'node:stream'
import type { AttemptId } from '@rumpfarm/contracts'
import type { ArtifactKey, LogTime, StoredGzip } from '@rumpfarm/storage'
import type { Contexts } from '../context.ts'
import { type ArtifactChunk, storeArtifact } from './artifacts.ts'
import { sourcesOfAttempt } from './attempt-sources.ts'
import { expireLeases } from './expire-leases.ts'
import { type Finish, finish } from './finish.ts'
import { type Claim, leaseNext } from './lease.ts'
import { completeTimes } from './log-times.rule.ts'
import { type Progress, recordProgress } from './progress.ts'
import { listHostsWithWork, listQueuedAttempts, type QueuedPosition } from './queued-attempts.ts'
import { checkSlot, type HostCondition } from './slots.ts'

export type { LogTime } from '@rumpfarm/storage'
export type { ArtifactOutcome, ReportedArtifact } from './artifacts.ts'
export type { FinishOutcome } from './finish.ts'
export type { Claim, LeaseOutcome } from './lease.ts'
export type { Offer } from './offer.ts'
export type { ProgressOutcome } from './progress.ts'
export type { QueuedPosition } from './queued-attempts.ts'
export type { HostCondition, SlotState } from './slots.ts'

/** Attempts: their claims, leases, progress, logs and artifacts. */
export const attemptMethods = ({ main }: Contexts) => ({
  /** The state of a host's slot. Also renews the host's last-seen time. */
  checkSlot: (claim: Claim, condition?: HostCondition) => checkSlot(main, claim, condition),
  /** Leases to a slot the attempt that the host takes next. */
  lease: (claim: Claim) => leaseNext(main, claim),
  /** The sources that an attempt unpacks; undefined if this host does not hold the attempt with this lease. */
  sourcesOf: (attempt: AttemptId, hostId: number, lease: string) => sourcesOfAttempt(main, attempt, hostId, lease),
  recordProgress: (message: Progress) => recordProgress(main, message),
  /** Stores bytes of a file that the job uploads. */
  storeArtifact: (message: ArtifactChunk) => storeArtifact(main, message),
  finish: (message: Finish) => finish(main, message),
  /** Drops an attempt from the cache of this process, because a server has changed the row of the attempt. */
  dropCached: (attempt: string) => main.running.invalidate(attempt),

  /** A page of the claimable attempts, oldest first; the first page if `after` is undefined. */
  listQueued: (after?: QueuedPosition) => listQueuedAttempts(main, after),
  /** The hosts that could take a job that waits for them. */
  listHostsWithWork: () => listHostsWithWork(main),
  /** Ends attempts of silent hosts. Call this method every few seconds. */
  expireLeases: () => expireLeases(main),

  /** How many bytes of an attempt's log the farm has stored. */
  logSize: (attempt: AttemptId): Promise<number> => main.logs.size(attempt),
  /** The bytes of the log from `start` to `end`. The byte at `end` is not included. `end` is at most `logSize`. */
  readLog: (attempt: AttemptId, start: number, end: number): Readable => main.logs.read(attempt, start, end),
  /** The bytes of a part of a log. Each piece is valid only until the reader takes the next one. */
  scanLog: (attempt: AttemptId, start: number, end: number): AsyncIterable<Uint8Array> =>
    main.logs.scan(attempt, start, end),
  /** The whole log as gzip, as the farm stores it; undefined if it does not store the log so. */
  gzipLog: (attempt: AttemptId): Promise<StoredGzip | undefined> => main.logs.gzip(attempt),
  /** The number of line feeds in each block of a stored log; undefined if the farm does not know them. */
  logLineFeeds: (attempt: AttemptId): Promise<number[] | undefined> => main.logs.lineFeeds(attempt),
  /** When the bytes of the log arrived, about every five seconds; empty if the farm does not know the times. */
  logTimes: async ({
    startedAt,
    finishedAt,
    ...attempt
  }: AttemptId & { startedAt: Date | null; finishedAt: Date | null }): Promise<LogTime[]> =>
    completeTimes(await main.logTimes.read(attempt), { startedAt, endedAt: finishedAt ?? main.now() }),
  artifactSize: (artifact: ArtifactKey): Promise<number> => main.artifacts.size(artifact),
  readArtifact: (artifact: ArtifactKey, start: number, end: number): Readable =>
    main.artifacts.read(artifact, start, end),
})
