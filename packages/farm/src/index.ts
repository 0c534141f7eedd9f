import type { Readable } from 'node:stream'
import { type AttemptId, type ProjectConfig, storable } from '@rumpfarm/contracts'
import { type ArtifactKey, openArtifacts, openLogs } from '@rumpfarm/storage'
import * as logins from './access/login-links.ts'
import * as signatures from './access/signatures.ts'
import * as tokens from './access/tokens.ts'
import { type ArtifactPiece, storeArtifact } from './attempts/artifacts.ts'
import * as claims from './attempts/claim.ts'
import { expireLeases, extendLeases } from './attempts/expire-leases.ts'
import { type Finish, finish } from './attempts/finish.ts'
import { sourcesOfLease } from './attempts/lease-sources.ts'
import { type Progress, progress } from './attempts/progress.ts'
import { queuedAttempts } from './attempts/queued.ts'
import { RunningCache } from './attempts/running.ts'
import * as builds from './builds/build-queries.ts'
import * as cancels from './builds/cancel.ts'
import * as jobs from './builds/job-queries.ts'
import { type Push, receivePush } from './builds/receive-push.ts'
import { retryJob } from './builds/retry.ts'
import * as sources from './builds/sources.ts'
import { type Clock, type Random, systemClock, systemRandom } from './clock.ts'
import type { Context, Settings } from './context.ts'
import { type Db, openDatabase } from './db/client.ts'
import { turns } from './db/query-limit.ts'
import type { FarmEvent } from './events.ts'
import * as alerts from './hosts/alerts.ts'
import { type Enrollment, enroll } from './hosts/enroll.ts'
import { bye, type Hello, hello } from './hosts/hello.ts'
import * as hostReads from './hosts/host-queries.ts'
import * as hosts from './hosts/hosts.ts'
import { invite } from './hosts/invite.ts'
import { silentSecondsDefault } from './hosts/presence.rule.ts'
import { watchHosts } from './hosts/silence-check.ts'
import * as branches from './matrix/branches.ts'
import * as matrixReads from './matrix/matrix-query.ts'
import { applyConfiguration, refuseConfiguration } from './projects/configure.ts'
import * as projectReads from './projects/project-queries.ts'

export type { LoginLink, LoginOutcome } from './access/login-links.ts'
export type { SignatureOutcome, SignedRequest, Signer } from './access/signatures.ts'
export type { TokenBearer, TokenScope } from './access/tokens.ts'
export type { ArtifactOutcome, ToldArtifact } from './attempts/artifacts.ts'
export type { Claim, HostCondition, Offer, SlotState } from './attempts/claim.ts'
export type { FinishOutcome } from './attempts/finish.ts'
export type { ProgressOutcome } from './attempts/progress.ts'
export type { BuildSummary, BuildView, JobFilter, JobSummary } from './builds/build-queries.ts'
export type { CancelOutcome } from './builds/cancel.ts'
export type { ArtifactView, AttemptView, JobView } from './builds/job-queries.ts'
export type { Recipe } from './builds/plan.rule.ts'
export type { Push, PushOutcome } from './builds/receive-push.ts'
export type { RetryOutcome } from './builds/retry.ts'
export type { PreparedSource } from './builds/sources.ts'
export { sign } from './clock.ts'
export { isGivenUp, isStorageFull, untilAborted } from './db/client.ts'
export { MigrationError, migrate } from './db/migrate.ts'
export type { FarmEvent } from './events.ts'
export { isBelow, tooOld } from './hosts/agent-version.rule.ts'
export type { AlertOutcome, AlertState, DueAlert } from './hosts/alerts.ts'
export type { EnrollOutcome } from './hosts/enroll.ts'
export type { DeclaredArch, HelloOutcome } from './hosts/hello.ts'
export type { HostView } from './hosts/host-queries.ts'
export type { InviteOutcome } from './hosts/invite.ts'
export type { Presence } from './hosts/presence.rule.ts'
export type { Watched } from './hosts/silence-check.ts'
export type { BranchLine, WantedLine } from './matrix/branches.ts'
export { isResult } from './matrix/cell.rule.ts'
export type {
  ActiveAttempt,
  CellRecord,
  Matrix,
  MatrixCell,
  MatrixHost,
  Milestone,
} from './matrix/matrix.rule.ts'
export { describeMistake, readFarmYaml } from './projects/farm-yaml.rule.ts'
export { isPlain } from './projects/patterns.rule.ts'

export interface OpenFarm extends Partial<Settings> {
  databaseUrl: string
  /** Where the bytes of logs and artifacts live. */
  logsDirectory: string
  /** Signs credentials; at least 16 characters, the same for every server of a farm, for good. */
  secret: string
  /** Hears what changed, after it was committed. Must not throw. */
  publish?: (event: FarmEvent) => void
  /** Connections for every change, and for what hosts ask; and for the questions of pages and the API, which wait for no other. */
  connectionsMax?: number
  readConnectionsMax?: number
  now?: Clock
  random?: Random
}

/**
 * The farm: every state change there is, each one transaction, and every question one can ask it. Expected outcomes are
 * returned as values with a `kind`; a thrown error means that the database is in trouble.
 */
export function openFarm(options: OpenFarm) {
  if (options.secret.length < 16) throw new Error('the secret of a farm has at least 16 characters')
  const db = openDatabase({ url: options.databaseUrl, connectionsMax: options.connectionsMax ?? 10 })
  const reads = openDatabase({
    url: options.databaseUrl,
    connectionsMax: options.readConnectionsMax ?? 6,
    limits: readLimits,
  })
  const lookups = openDatabase({ url: options.databaseUrl, connectionsMax: lookupConnections, limits: readLimits })
  const context: Context = {
    db,
    logs: openLogs(options.logsDirectory),
    artifacts: openArtifacts(options.logsDirectory),
    running: new RunningCache(),
    now: options.now ?? systemClock,
    random: options.random ?? systemRandom,
    publish: options.publish ?? (() => {}),
    settings: {
      leaseSeconds: options.leaseSeconds ?? 90,
      silentSeconds: options.silentSeconds ?? silentSecondsDefault,
      invitationSeconds: options.invitationSeconds ?? 3600,
      agentVersionMin: options.agentVersionMin,
      secret: options.secret,
    },
  }
  return {
    settings: context.settings,
    ...takingStorable({
      ...verbs(context),
      ...answers(context),
      ...questions({ ...context, db: reads }),
      ...lookingUp({ ...context, db: lookups }),
    }),
    close: () => close(context, [db, reads, lookups]),
  }
}

/** PostgreSQL cannot store NUL or a lone surrogate. Hosts, git, people and farm.yaml can send both. */
function takingStorable<Functions extends object>(functions: Functions): Functions {
  const guarded = Object.entries(functions).map(([name, run]) => [
    name,
    (...given: unknown[]) => run(...given.map(storable)),
  ])
  return Object.fromEntries(guarded)
}

/** PostgreSQL's integers end there, and it refuses a question with a larger one. */
const canBeId = (id: number): boolean => id <= 2_147_483_647
const unknown = { kind: 'unknown' } as const

/** A page is there within five seconds, or says that it is not, also when PostgreSQL stops answering. */
const readLimits = { waitMs: 1_000, statementMs: 3_000 }

/** For the look-ups of a row that come before a request's own questions: no page that takes long holds them up. */
const lookupConnections = 2

/** Listings may be slow: some connections for reads are left for the pages. */
const listingsAtOnce = 3

export type Farm = ReturnType<typeof openFarm>

async function close({ logs, artifacts }: Context, databases: Db[]): Promise<void> {
  logs.close()
  artifacts.close()
  await Promise.all(databases.map(db => db.$disconnect()))
}

function verbs(context: Context) {
  return {
    /** Puts checked projects in force, whole or not at all. */
    applyConfiguration: (projects: readonly ProjectConfig[]) => applyConfiguration(context, projects),
    /** Notes why the newest farm.yaml was refused. */
    refuseConfiguration: (problems: readonly string[]) => refuseConfiguration(context, problems),

    /** A one-time right to enrol a host of this name, valid for `invitationSeconds`. */
    invite: (hostName: string) => invite(context, hostName),
    enroll: (wish: Enrollment) => enroll(context, wish),
    hello: (wish: Hello) => hello(context, wish),
    bye: (hostId: number, instance: string) => bye(context, hostId, instance),
    pauseHost: (name: string, paused: boolean) => hosts.pauseHost(context, name, paused),
    removeHost: (name: string) => hosts.removeHost(context, name),

    /** A push becomes a build with all its jobs; the same delivery or the same commit twice makes one build. */
    receivePush: (push: Push) => receivePush(context, push),
    sourcesReady: (buildId: number, prepared: Parameters<typeof sources.sourcesReady>[2]) =>
      sources.sourcesReady(context, buildId, prepared),
    sourcesFailed: (buildId: number, message: string) => sources.sourcesFailed(context, buildId, message),

    /** Gives a branch's built commits the positions of its line. */
    placeLine: (line: branches.BranchLine) => branches.placeLine(context, line),
    /** The line was placed, cannot be read now, or is none: the repository has no such branch. */
    lineRead: (line: branches.WantedLine) => branches.lineRead(context, line),
    lineUnreadable: (line: branches.WantedLine) => branches.lineUnreadable(context, line),
    branchMissing: (line: branches.WantedLine, defaultBranch: string | undefined) =>
      branches.branchMissing(context, line, defaultBranch),

    /** Whether a signed request is right, timely, and here for the first time. */
    checkSignature: (key: string, request: signatures.SignedRequest) =>
      signatures.checkSignature(context, key, request),
    forgetSignedRuns: () => signatures.forgetSignedRuns(context),

    /** What a host's slot has now; also the sign of life of an idle host. */
    askForWork: (wish: claims.Claim, condition?: claims.HostCondition) => claims.askForWork(context, wish, condition),
    /** Gives a queued attempt to a slot; undefined if it is no longer to be had. */
    leaseAttempt: (wish: claims.Claim, attempt: AttemptId) => claims.leaseAttempt(context, wish, attempt),
    progress: (message: Progress) => progress(context, message),
    /** Bytes of a file that the job leaves. */
    storeArtifact: (message: ArtifactPiece) => storeArtifact(context, message),
    finish: (message: Finish) => finish(context, message),
    /** Drops what is cached of an attempt: some server changed it. */
    forgetAttempt: (attempt: string) => context.running.forget(attempt),

    cancelJob: async (jobId: number) => (canBeId(jobId) ? cancels.cancelJob(context, jobId) : unknown),
    cancelBuild: async (buildId: number) => (canBeId(buildId) ? cancels.cancelBuild(context, buildId) : unknown),
    retryJob: async (jobId: number) => (canBeId(jobId) ? retryJob(context, jobId) : unknown),
    /** Ends attempts of silent hosts; to be called every few seconds. */
    expireLeases: () => expireLeases(context),
    /** Notes which hosts fell silent and which are back; to be called every few seconds. */
    watchHosts: () => watchHosts(context),
    /** A URL that hears of it when this host falls silent; null: none. */
    setAlert: (hostName: string, url: string | null) => alerts.setAlert(context, hostName, url),
    /** What is to be told to owners now; nobody else gets the same for a while. */
    takeAlerts: () => alerts.takeAlerts(context),
    alertDelivered: (id: number) => alerts.alertDelivered(context, id),
    alertFailed: (id: number, problem: string, forGood: boolean) => alerts.alertFailed(context, id, problem, forGood),
    /** To be called once by a server that starts. */
    extendLeases: () => extendLeases(context),

    createToken: (name: string, scope: tokens.TokenScope) => tokens.createToken(context, name, scope),
    admitToken: (name: string, token: string, scope: tokens.TokenScope) =>
      tokens.admitToken(context, name, token, scope),
    revokeToken: (name: string) => tokens.revokeToken(context, name),

    /** A one-time way in for an administrator's browser. */
    createLoginLink: (tokenHash: string) => logins.createLoginLink(context, tokenHash),
    logIn: (token: string) => logins.logIn(context, token),
    logOut: (session: string) => logins.logOut(context, session),
  }
}

/** What commands, hosts and background work ask: it waits for no page. */
function answers(context: Context) {
  return {
    /** What an attempt unpacks, if this host holds it with this lease. */
    sourcesOfLease: (attempt: AttemptId, hostId: number, lease: string) =>
      sourcesOfLease(context, attempt, hostId, lease),
    signersNamed: (names: readonly string[]) => signatures.signersNamed(context, names),
    hostsBearing: (credentials: readonly string[]) => hosts.hostsBearing(context, credentials),
    /** For pushes and background work; pages ask `listProjects`. */
    projects: () => projectReads.projectConfigs(context),
    buildsToPrepare: () => sources.buildsToPrepare(context),
    linesToRead: (project?: string) => branches.linesToRead(context, project),
    queuedAttempts: () => queuedAttempts(context),
    /** Bytes of an attempt's log that the farm holds. */
    logSize: (attempt: AttemptId) => context.logs.size(attempt),
    /** The log's bytes from `start` up to, and without, `end` (at most `logSize`). */
    readLog: (attempt: AttemptId, start: number, end: number): Readable => context.logs.read(attempt, start, end),
    artifactSize: (artifact: ArtifactKey) => context.artifacts.size(artifact),
    readArtifact: (artifact: ArtifactKey, start: number, end: number): Readable =>
      context.artifacts.read(artifact, start, end),
  }
}

/**
 * What pages and programs ask, over connections of their own. A question that takes too long, or finds every such connection
 * busy for too long, throws an error of which `isGivenUp` is true.
 */
function questions(context: Context) {
  const listing = turns(listingsAtOnce, readLimits.waitMs)
  return {
    listProjects: () => projectReads.projectConfigs(context),
    listTokens: (page: { after?: string | undefined; limit: number }) => tokens.listTokens(context, page),
    configurationState: () => projectReads.configurationState(context),
    /** Of each project's main branch, unless `branch` names another. */
    matrix: (filter?: matrixReads.MatrixFilter) => matrixReads.matrix(context, filter),
    listBuilds: (filter: Parameters<typeof builds.listBuilds>[1]) => listing(() => builds.listBuilds(context, filter)),
    findBuild: async (id: number) => (canBeId(id) ? builds.findBuild(context, id) : undefined),
    listJobs: async (filter: builds.JobFilter) =>
      canBeId(filter.buildId ?? 1) ? listing(() => builds.listJobs(context, filter)) : [],
    findJob: async (id: number) => (canBeId(id) ? jobs.findJob(context, id) : undefined),
    listHosts: (page: { after?: string | undefined; limit: number }) => hostReads.listHosts(context, page),
    findHost: (name: string) => hostReads.findHost(context, name),
    /** For administrators: where a host's alerts go, and how that went; undefined: nowhere. */
    alertOf: (hostName: string) => alerts.alertOf(context, hostName),
  }
}

/** Whether the database answers, and who asks. Bounded as `questions` are; over connections that no question uses. */
function lookingUp(context: Context) {
  return {
    /** Answers when the database does; throws when it does not. */
    ping: async () => void (await context.db.$queryRaw`SELECT 1`),
    tokenOfSession: (session: string) => logins.tokenOfSession(context, session),
    tokenBearer: (token: string) => tokens.tokenBearer(context, token),
  }
}
