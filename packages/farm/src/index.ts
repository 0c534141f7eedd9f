import type { Readable } from 'node:stream'
import { type AttemptId, type ProjectConfig, storable } from '@rumpfarm/contracts'
import type { Announcement } from './announcements.ts'
import { type Clock, type Random, systemClock, systemRandom } from './clock.ts'
import { type Db, openDatabase } from './db.ts'
import type { Ground, Settings } from './ground.ts'
import { type ArtifactKey, openArtifacts, openLogs } from './logs.ts'
import * as builds from './reads/builds.ts'
import * as hostReads from './reads/hosts.ts'
import * as jobs from './reads/jobs.ts'
import { sourcesOfLease } from './reads/lease.ts'
import * as matrixReads from './reads/matrix.ts'
import * as projectReads from './reads/projects.ts'
import { queuedAttempts } from './reads/queued.ts'
import { silentSecondsDefault } from './rules/presence.ts'
import { RunningCache } from './running.ts'
import { turns } from './turns.ts'
import * as alerts from './verbs/alerts.ts'
import { type ArtifactPiece, storeArtifact } from './verbs/artifacts.ts'
import * as branches from './verbs/branches.ts'
import * as cancels from './verbs/cancel.ts'
import * as claims from './verbs/claim.ts'
import { applyConfiguration, refuseConfiguration } from './verbs/configure.ts'
import { type Enrollment, enroll } from './verbs/enroll.ts'
import { expireLeases, extendLeases } from './verbs/expire-leases.ts'
import { type Finish, finish } from './verbs/finish.ts'
import { bye, type Hello, hello } from './verbs/hello.ts'
import * as hosts from './verbs/hosts.ts'
import { invite } from './verbs/invite.ts'
import * as logins from './verbs/login-links.ts'
import { type Progress, progress } from './verbs/progress.ts'
import { type Push, receivePush } from './verbs/receive-push.ts'
import { retryJob } from './verbs/retry.ts'
import * as signatures from './verbs/signatures.ts'
import * as sources from './verbs/sources.ts'
import * as tokens from './verbs/tokens.ts'
import { watchHosts } from './verbs/watch-hosts.ts'

export type { Announcement } from './announcements.ts'
export { sign } from './clock.ts'
export { isGivenUp, isStorageFull, untilAborted } from './db.ts'
export { MigrationError, migrate } from './migrate.ts'
export type { BuildSummary, BuildView, JobFilter, JobSummary } from './reads/builds.ts'
export type { HostView } from './reads/hosts.ts'
export type { ArtifactView, AttemptView, JobView } from './reads/jobs.ts'
export { isBelow, tooOld } from './rules/agent-version.ts'
export { isResult } from './rules/cell.ts'
export { describeMistake, readFarmYaml } from './rules/farm-yaml.ts'
export type {
  ActiveAttempt,
  CellRecord,
  Matrix,
  MatrixCell,
  MatrixHost,
  Milestone,
} from './rules/matrix.ts'
export { isPlain } from './rules/patterns.ts'
export type { Recipe } from './rules/plan.ts'
export type { Presence } from './rules/presence.ts'
export type { AlertOutcome, AlertState, DueAlert } from './verbs/alerts.ts'
export type { ArtifactOutcome, ToldArtifact } from './verbs/artifacts.ts'
export type { BranchLine, WantedLine } from './verbs/branches.ts'
export type { CancelOutcome } from './verbs/cancel.ts'
export type { Claim, HostCondition, Offer, SlotState } from './verbs/claim.ts'
export type { EnrollOutcome } from './verbs/enroll.ts'
export type { FinishOutcome } from './verbs/finish.ts'
export type { DeclaredArch, HelloOutcome } from './verbs/hello.ts'
export type { InviteOutcome } from './verbs/invite.ts'
export type { LoginLink, LoginOutcome } from './verbs/login-links.ts'
export type { ProgressOutcome } from './verbs/progress.ts'
export type { Push, PushOutcome } from './verbs/receive-push.ts'
export type { RetryOutcome } from './verbs/retry.ts'
export type { SignatureOutcome, SignedRequest, Signer } from './verbs/signatures.ts'
export type { PreparedSource } from './verbs/sources.ts'
export type { TokenBearer, TokenScope } from './verbs/tokens.ts'

export type { Watched } from './verbs/watch-hosts.ts'

export interface OpenFarm extends Partial<Settings> {
  databaseUrl: string
  /** Where the bytes of logs and artifacts live. */
  logsDirectory: string
  /** Signs credentials; at least 16 characters, the same for every server of a farm, for good. */
  secret: string
  /** Hears what changed, after it was committed. Must not throw. */
  announce?: (announcement: Announcement) => void
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
  const ground: Ground = {
    db,
    logs: openLogs(options.logsDirectory),
    artifacts: openArtifacts(options.logsDirectory),
    running: new RunningCache(),
    now: options.now ?? systemClock,
    random: options.random ?? systemRandom,
    announce: options.announce ?? (() => {}),
    settings: {
      leaseSeconds: options.leaseSeconds ?? 90,
      silentSeconds: options.silentSeconds ?? silentSecondsDefault,
      invitationSeconds: options.invitationSeconds ?? 3600,
      agentVersionMin: options.agentVersionMin,
      secret: options.secret,
    },
  }
  return {
    settings: ground.settings,
    ...takingStorable({
      ...verbs(ground),
      ...answers(ground),
      ...questions({ ...ground, db: reads }),
      ...lookingUp({ ...ground, db: lookups }),
    }),
    close: () => close(ground, [db, reads, lookups]),
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

async function close({ logs, artifacts }: Ground, databases: Db[]): Promise<void> {
  logs.close()
  artifacts.close()
  await Promise.all(databases.map(db => db.$disconnect()))
}

function verbs(ground: Ground) {
  return {
    /** Puts checked projects in force, whole or not at all. */
    applyConfiguration: (projects: readonly ProjectConfig[]) => applyConfiguration(ground, projects),
    /** Notes why the newest farm.yaml was refused. */
    refuseConfiguration: (problems: readonly string[]) => refuseConfiguration(ground, problems),

    /** A one-time right to enrol a host of this name, valid for `invitationSeconds`. */
    invite: (hostName: string) => invite(ground, hostName),
    enroll: (wish: Enrollment) => enroll(ground, wish),
    hello: (wish: Hello) => hello(ground, wish),
    bye: (hostId: number, instance: string) => bye(ground, hostId, instance),
    pauseHost: (name: string, paused: boolean) => hosts.pauseHost(ground, name, paused),
    removeHost: (name: string) => hosts.removeHost(ground, name),

    /** A push becomes a build with all its jobs; the same delivery or the same commit twice makes one build. */
    receivePush: (push: Push) => receivePush(ground, push),
    sourcesReady: (buildId: number, prepared: Parameters<typeof sources.sourcesReady>[2]) =>
      sources.sourcesReady(ground, buildId, prepared),
    sourcesFailed: (buildId: number, message: string) => sources.sourcesFailed(ground, buildId, message),

    /** Gives a branch's built commits the positions of its line. */
    placeLine: (line: branches.BranchLine) => branches.placeLine(ground, line),
    /** The line was placed, cannot be read now, or is none: the repository has no such branch. */
    lineRead: (line: branches.WantedLine) => branches.lineRead(ground, line),
    lineUnreadable: (line: branches.WantedLine) => branches.lineUnreadable(ground, line),
    branchMissing: (line: branches.WantedLine, defaultBranch: string | undefined) =>
      branches.branchMissing(ground, line, defaultBranch),

    /** Whether a signed request is right, timely, and here for the first time. */
    checkSignature: (key: string, request: signatures.SignedRequest) => signatures.checkSignature(ground, key, request),
    forgetSignedRuns: () => signatures.forgetSignedRuns(ground),

    /** What a host's slot has now; also the sign of life of an idle host. */
    askForWork: (wish: claims.Claim, condition?: claims.HostCondition) => claims.askForWork(ground, wish, condition),
    /** Gives a queued attempt to a slot; undefined if it is no longer to be had. */
    leaseAttempt: (wish: claims.Claim, attempt: AttemptId) => claims.leaseAttempt(ground, wish, attempt),
    progress: (message: Progress) => progress(ground, message),
    /** Bytes of a file that the job leaves. */
    storeArtifact: (message: ArtifactPiece) => storeArtifact(ground, message),
    finish: (message: Finish) => finish(ground, message),
    /** Drops what is cached of an attempt: some server changed it. */
    forgetAttempt: (attempt: string) => ground.running.forget(attempt),

    cancelJob: async (jobId: number) => (canBeId(jobId) ? cancels.cancelJob(ground, jobId) : unknown),
    cancelBuild: async (buildId: number) => (canBeId(buildId) ? cancels.cancelBuild(ground, buildId) : unknown),
    retryJob: async (jobId: number) => (canBeId(jobId) ? retryJob(ground, jobId) : unknown),
    /** Ends attempts of silent hosts; to be called every few seconds. */
    expireLeases: () => expireLeases(ground),
    /** Notes which hosts fell silent and which are back; to be called every few seconds. */
    watchHosts: () => watchHosts(ground),
    /** A URL that hears of it when this host falls silent; null: none. */
    setAlert: (hostName: string, url: string | null) => alerts.setAlert(ground, hostName, url),
    /** What is to be told to owners now; nobody else gets the same for a while. */
    takeAlerts: () => alerts.takeAlerts(ground),
    alertDelivered: (id: number) => alerts.alertDelivered(ground, id),
    alertFailed: (id: number, problem: string, forGood: boolean) => alerts.alertFailed(ground, id, problem, forGood),
    /** To be called once by a server that starts. */
    extendLeases: () => extendLeases(ground),

    createToken: (name: string, scope: tokens.TokenScope) => tokens.createToken(ground, name, scope),
    admitToken: (name: string, token: string, scope: tokens.TokenScope) =>
      tokens.admitToken(ground, name, token, scope),
    revokeToken: (name: string) => tokens.revokeToken(ground, name),

    /** A one-time way in for an administrator's browser. */
    createLoginLink: (tokenHash: string) => logins.createLoginLink(ground, tokenHash),
    logIn: (token: string) => logins.logIn(ground, token),
    logOut: (session: string) => logins.logOut(ground, session),
  }
}

/** What commands, hosts and background work ask: it waits for no page. */
function answers(ground: Ground) {
  return {
    /** What an attempt unpacks, if this host holds it with this lease. */
    sourcesOfLease: (attempt: AttemptId, hostId: number, lease: string) =>
      sourcesOfLease(ground, attempt, hostId, lease),
    signersNamed: (names: readonly string[]) => signatures.signersNamed(ground, names),
    hostsBearing: (credentials: readonly string[]) => hosts.hostsBearing(ground, credentials),
    /** For pushes and background work; pages ask `listProjects`. */
    projects: () => projectReads.projectConfigs(ground),
    buildsToPrepare: () => sources.buildsToPrepare(ground),
    linesToRead: (project?: string) => branches.linesToRead(ground, project),
    queuedAttempts: () => queuedAttempts(ground),
    /** Bytes of an attempt's log that the farm holds. */
    logSize: (attempt: AttemptId) => ground.logs.size(attempt),
    /** The log's bytes from `start` up to, and without, `end` (at most `logSize`). */
    readLog: (attempt: AttemptId, start: number, end: number): Readable => ground.logs.read(attempt, start, end),
    artifactSize: (artifact: ArtifactKey) => ground.artifacts.size(artifact),
    readArtifact: (artifact: ArtifactKey, start: number, end: number): Readable =>
      ground.artifacts.read(artifact, start, end),
  }
}

/**
 * What pages and programs ask, over connections of their own. A question that takes too long, or finds every such connection
 * busy for too long, throws an error of which `isGivenUp` is true.
 */
function questions(ground: Ground) {
  const listing = turns(listingsAtOnce, readLimits.waitMs)
  return {
    listProjects: () => projectReads.projectConfigs(ground),
    listTokens: (page: { after?: string | undefined; limit: number }) => tokens.listTokens(ground, page),
    configurationState: () => projectReads.configurationState(ground),
    /** Of each project's main branch, unless `branch` names another. */
    matrix: (filter?: matrixReads.MatrixFilter) => matrixReads.matrix(ground, filter),
    listBuilds: (filter: Parameters<typeof builds.listBuilds>[1]) => listing(() => builds.listBuilds(ground, filter)),
    findBuild: async (id: number) => (canBeId(id) ? builds.findBuild(ground, id) : undefined),
    listJobs: async (filter: builds.JobFilter) =>
      canBeId(filter.buildId ?? 1) ? listing(() => builds.listJobs(ground, filter)) : [],
    findJob: async (id: number) => (canBeId(id) ? jobs.findJob(ground, id) : undefined),
    listHosts: (page: { after?: string | undefined; limit: number }) => hostReads.listHosts(ground, page),
    findHost: (name: string) => hostReads.findHost(ground, name),
    /** For administrators: where a host's alerts go, and how that went; undefined: nowhere. */
    alertOf: (hostName: string) => alerts.alertOf(ground, hostName),
  }
}

/** Whether the database answers, and who asks. Bounded as `questions` are; over connections that no question uses. */
function lookingUp(ground: Ground) {
  return {
    /** Answers when the database does; throws when it does not. */
    ping: async () => void (await ground.db.$queryRaw`SELECT 1`),
    tokenOfSession: (session: string) => logins.tokenOfSession(ground, session),
    tokenBearer: (token: string) => tokens.tokenBearer(ground, token),
  }
}
