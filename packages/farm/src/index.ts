import { type Bucket, openBucketStorage, openDirectoryStorage } from '@rumpfarm/storage'
import { accessMethods } from './access/index.ts'
import { acknowledgementMethods } from './acknowledgements/index.ts'
import { attemptMethods } from './attempts/index.ts'
import { LogPacker } from './attempts/pack-logs.ts'
import { RunningCache } from './attempts/running.ts'
import { bisectionMethods } from './bisection/index.ts'
import { branchMethods } from './branches/index.ts'
import { buildMethods } from './builds/index.ts'
import { cellMethods } from './cells/index.ts'
import { changeMethods } from './changes/index.ts'
import { type Clock, type Random, systemRandom } from './clock.ts'
import { commitMethods } from './commits/index.ts'
import type { Context, Contexts, Settings } from './context.ts'
import { DatabaseClock } from './database-clock.ts'
import { fileIndex } from './db/file-index.ts'
import { openPools } from './db/pools.ts'
import { deliveryMethods } from './deliveries/index.ts'
import { eventListeners } from './events.ts'
import { failureMethods } from './failures/index.ts'
import { hostMethods } from './hosts/index.ts'
import { silentSecondsDefault } from './hosts/presence.rule.ts'
import { importMethods } from './imports/index.ts'
import { matrixMethods } from './matrix/index.ts'
import { metricMethods } from './metrics/index.ts'
import { notificationMethods } from './notifications/index.ts'
import { pollingMethods } from './polling/index.ts'
import { projectMethods } from './projects/index.ts'
import { pullRequestMethods } from './pull-requests/index.ts'
import { queueMethods } from './queue/index.ts'
import { retentionMethods } from './retention/index.ts'
import { scheduleMethods } from './schedules/index.ts'
import { serverMethods } from './servers/index.ts'
import { statusMethods } from './statuses/index.ts'
import { withStorableArguments } from './storable-arguments.ts'
import { testResultMethods } from './test-results/index.ts'
import { traitMethods } from './traits/index.ts'
import { tryMethods } from './tries/index.ts'

export { isObjectGone, isStorageAway } from '@rumpfarm/storage'
export type * from './access/index.ts'
export type * from './acknowledgements/index.ts'
export type * from './attempts/index.ts'
export type * from './bisection/index.ts'
export type * from './branches/index.ts'
export { buildGrid } from './builds/build-grid.rule.ts'
export type * from './builds/index.ts'
export { refuseJobFilter } from './builds/job-filter.rule.ts'
export { buildsTag } from './builds/plan.rule.ts'
export { lostDaysMax, retriesMax } from './builds/retry.ts'
export type * from './cells/index.ts'
export type * from './changes/index.ts'
export { sign } from './clock.ts'
export type * from './commits/index.ts'
export type { Table } from './db/backup/catalog.ts'
export { openRestore, RestoreError } from './db/backup/restore.ts'
export { openSnapshot } from './db/backup/snapshot.ts'
export { asReader, asTask, identifyReader, readerSignal, untilAborted, withoutDeadline } from './db/callers.ts'
export type { PoolUse } from './db/client.ts'
export { isGivenUp, isOwnDoing, isStorageFull } from './db/errors.ts'
export { MigrationError, migrate, newestMigration } from './db/migrate.ts'
export type * from './deliveries/index.ts'
export type { FarmEvent } from './events.ts'
export type * from './failures/index.ts'
export { normalise } from './failures/normalise.rule.ts'
export { prepareLine } from './failures/prepare-line.rule.ts'
export { isBelow, tooOld } from './hosts/agent-version.rule.ts'
export type * from './hosts/index.ts'
export { branchForRules, permitsForks } from './hosts/owner.rule.ts'
export type * from './imports/index.ts'
export { importedJobsMax } from './imports/index.ts'
export { orderArches } from './matrix/arch-families.rule.ts'
export { cellLook } from './matrix/box-query.ts'
export { isResult } from './matrix/cell.rule.ts'
export { hostFilter } from './matrix/glance.rule.ts'
export { headline } from './matrix/headline.rule.ts'
export type * from './matrix/index.ts'
export { foldBox, isTrouble, lookOf, looks, looksFailed } from './matrix/look.rule.ts'
export { isFailure } from './matrix/matrix-cell.rule.ts'
export { compareSystems } from './matrix/systems.rule.ts'
export { hostStates } from './metrics/gauges.rule.ts'
export type * from './metrics/index.ts'
export { followedWords } from './notifications/confirmation.ts'
export type * from './notifications/index.ts'
export { eventsOf } from './notifications/subscriptions.rule.ts'
export type * from './polling/index.ts'
export { farmSchema } from './projects/farm-schema.rule.ts'
export { describeMistake, readFarmYaml } from './projects/farm-yaml.rule.ts'
export { fillInKeep as readKeep } from './projects/farm-yaml-keep.rule.ts'
export type * from './projects/index.ts'
export { isPlain } from './projects/patterns.rule.ts'
export type * from './pull-requests/index.ts'
export * from './pushes/index.ts'
export type * from './queue/index.ts'
export { expiredWords } from './retention/expired.rule.ts'
export type * from './retention/index.ts'
export type * from './schedules/index.ts'
export type * from './servers/index.ts'
export { aliveSeconds, beatSeconds } from './servers/servers.ts'
export type * from './statuses/index.ts'
export { CopyRefusedError, type CopyReport, copyToBucket } from './stored-files/copy-to-bucket.ts'
export { historyCellsMax } from './test-results/history-queries.ts'
export type * from './test-results/index.ts'
export { isBad, isGood, outcomes } from './test-results/outcome.rule.ts'
export type * from './traits/index.ts'
export type * from './tries/index.ts'

export interface OpenFarm extends Partial<Settings> {
  databaseUrl: string
  /** A replica for reads of history. */
  databaseReadUrl?: string | undefined
  /** True if these are poolers such as PgBouncer, whose clients share connections of PostgreSQL. */
  databasePooler?: boolean | undefined
  /** The directory of logs and artifacts, unless they are in a bucket. */
  logsDirectory: string
  /** The bucket of logs and artifacts. The caller closes it after the farm. */
  bucket?: Bucket | undefined
  /** The farm takes no logs and artifacts if the disk of `logsDirectory` has less free space than this. */
  diskReserveBytes?: number | undefined
  /**
   * The key that signs credentials. It has at least 16 characters, is equal on all servers of a farm, and never
   * changes.
   */
  secret: string
  /** The number of connections for commands and requests of hosts. */
  connectionsMax?: number | undefined
  /** The number of connections for queries of pages and the API. */
  readConnectionsMax?: number | undefined
  /** For tests. If undefined, the time of the database. */
  now?: Clock
  random?: Random
}

/**
 * The commands and queries of the farm, grouped by noun. Each command is one transaction. A method returns expected
 * outcomes as values with a `kind`. It throws only if the database or the disk fails.
 */
export function openFarm(options: OpenFarm) {
  if (options.secret.length < 16) throw new Error('the secret of a farm must have at least 16 characters')
  const pools = openPools(options)
  const storage = options.bucket
    ? openBucketStorage(options.bucket, fileIndex(pools.own))
    : openDirectoryStorage(options.logsDirectory, { reserveBytes: options.diskReserveBytes })
  const events = eventListeners()
  const clock = new DatabaseClock(async () => {
    const [row] = await pools.lookups.query<{ at: Date }>`SELECT clock_timestamp() AS "at"`
    return row?.at.getTime() ?? Number.NaN
  })
  const services = {
    db: pools.own,
    logs: storage.logs,
    artifacts: storage.artifacts,
    logTimes: storage.logTimes,
    running: new RunningCache(),
    now: options.now ?? clock.now,
    random: options.random ?? systemRandom,
    emit: events.emit,
    settings: settingsOf(options),
  }
  const logPacker = new LogPacker({ ...services, db: pools.tasks })
  const main: Context = { ...services, packLog: (attempt, expected) => logPacker.add(attempt, expected) }
  const { listing, history } = pools
  const contexts: Contexts = {
    main,
    pages: main,
    lookups: { ...main, db: pools.lookups },
    tasks: { ...main, db: pools.tasks },
    listing,
    history,
  }
  return {
    attempts: withStorableArguments(attemptMethods(contexts)),
    bisections: withStorableArguments(bisectionMethods(contexts)),
    branches: withStorableArguments(branchMethods(contexts)),
    builds: withStorableArguments(buildMethods(contexts)),
    hosts: withStorableArguments(hostMethods(contexts)),
    projects: withStorableArguments(projectMethods(contexts)),
    polling: withStorableArguments(pollingMethods(contexts)),
    queue: withStorableArguments(queueMethods(contexts)),
    access: withStorableArguments(accessMethods(contexts)),
    acknowledgements: withStorableArguments(acknowledgementMethods(contexts)),
    changes: changeMethods(contexts),
    commits: withStorableArguments(commitMethods(contexts)),
    cells: withStorableArguments(cellMethods(contexts)),
    deliveries: withStorableArguments(deliveryMethods(contexts)),
    failures: withStorableArguments(failureMethods(contexts)),
    matrix: withStorableArguments(matrixMethods(contexts)),
    metrics: metricMethods(contexts),
    /** Without the guard for texts: it would copy each of a million rows. */
    imports: importMethods(contexts),
    pullRequests: withStorableArguments(pullRequestMethods(contexts)),
    retention: withStorableArguments(retentionMethods(contexts)),
    schedules: withStorableArguments(scheduleMethods(contexts)),
    servers: withStorableArguments(serverMethods(contexts)),
    statuses: withStorableArguments(statusMethods(contexts)),
    tries: withStorableArguments(tryMethods(contexts)),
    notifications: withStorableArguments(notificationMethods(contexts)),
    testResults: withStorableArguments(testResultMethods(contexts)),
    traits: withStorableArguments(traitMethods(contexts)),
    settings: main.settings,
    /** The time of the farm, which is the time of the database. */
    now: main.now,
    /**
     * Compares the clock of this machine with the clock of the database. Returns how far it is ahead, in milliseconds.
     * Call it at the start and every few seconds.
     */
    async measureClock(): Promise<number> {
      await clock.measure()
      return clock.aheadMs
    },
    /** Calls the listener with each event after its transaction has committed. The listener must not throw. */
    onEvent: events.add,
    /** How many connections each pool of this process uses. */
    poolUse: pools.use,
    /** Resolves if the database answers within the limits of a query; otherwise rejects. */
    ping: async () => void (await pools.lookups.query`SELECT 1`),
    /** Whether the replica answers and is not late; undefined if there is none. */
    isReplicaUsable: () => pools.replica?.isUsable(),
    /** Source tarballs for all servers; undefined if the servers share a directory. */
    sharedFiles: storage.shared,
    /** Uploaded trees for all servers; undefined if the servers share a directory. */
    uploadedFiles: storage.uploads,
    /** Work of the storage in the background. Call this method every few seconds. */
    async tidyStorage() {
      try {
        await logPacker.takeOver()
      } finally {
        await storage.tidy()
      }
    },
    /** For tests: resolves when no log waits for its compression. */
    logsPacked: () => logPacker.settled(),
    async close() {
      await logPacker.close()
      await storage.close()
      await pools.close()
    },
  }
}

export type Farm = ReturnType<typeof openFarm>

const settingsOf = (options: OpenFarm): Settings => ({
  leaseSeconds: options.leaseSeconds ?? 90,
  silentSeconds: options.silentSeconds ?? silentSecondsDefault,
  invitationSeconds: options.invitationSeconds ?? 3600,
  agentVersionMin: options.agentVersionMin,
  secret: options.secret,
})
