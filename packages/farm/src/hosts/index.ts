import type { Contexts } from '../context.ts'
import { findAlert, setAlert } from './alerts.ts'
import { type Enrollment, enroll } from './enroll.ts'
import { factsHistory } from './facts-history.ts'
import { bye, type Hello, hello } from './hello.ts'
import { findHost, listHosts } from './host-queries.ts'
import { findByCredentials, removeHost, setPaused } from './hosts.ts'
import { invite } from './invite.ts'
import { checkSilence } from './silence-check.ts'

export type { AlertOutcome, AlertState } from './alerts.ts'
export type { EnrollOutcome } from './enroll.ts'
export type { DeclaredArch, HelloOutcome } from './hello.ts'
export type { HostView } from './host-queries.ts'
export type { InviteOutcome } from './invite.ts'
export type { Presence } from './presence.rule.ts'
export type { RefusalCode } from './refusal.rule.ts'
export type { SilenceChanges } from './silence-check.ts'

/** Hosts: how they join and leave, their facts, and their owners' alerts. */
export const hostMethods = ({ main, pages }: Contexts) => ({
  /** A one-time right to enrol a host with this name. The right is valid for `invitationSeconds`. */
  invite: (hostName: string) => invite(main, hostName),
  enroll: (request: Enrollment) => enroll(main, request),
  hello: (request: Hello) => hello(main, request),
  bye: (hostId: number, instance: string) => bye(main, hostId, instance),
  setPaused: (name: string, paused: boolean) => setPaused(main, name, paused),
  remove: (name: string) => removeHost(main, name),
  /** The hosts with these credentials. The keys of the map are the credentials. */
  findByCredentials: (credentials: readonly string[]) => findByCredentials(main, credentials),

  /** Records which hosts became silent and which returned; call it every few seconds. */
  checkSilence: () => checkSilence(main),
  /** Sets the web address or the mail address for alerts about this host's silence; null turns alerts off. */
  setAlert: (hostName: string, address: string | null) => setAlert(main, hostName, address),

  /** `text`: only hosts whose name or system contains this text. */
  list: (page: { after?: string | undefined; text?: string | undefined; limit: number }) => listHosts(pages, page),
  find: (name: string) => findHost(pages, name),
  /** The changes of the facts that can change a result, newest first. At most 50. */
  factsHistory: (hostId: number) => factsHistory(pages, hostId),
  /**
   * For administrators: the receiver of a host's alerts, and the result of the newest alert; undefined if alerts are
   * off.
   */
  findAlert: (hostName: string) => findAlert(pages, hostName),
})
