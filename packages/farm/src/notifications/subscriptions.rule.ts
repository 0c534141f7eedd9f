import { type NotifyEvent, notifyEvents } from '@rumpfarm/contracts'
import { addressProblem } from './mail-address.rule.ts'

/** Confirmed and unconfirmed subscriptions of the whole farm. */
export const subscriptionsMax = 2000
/** Confirmed and unconfirmed subscriptions of one address. */
export const subscriptionsOfAddressMax = 20
/** Requests for confirmation that the farm sends to one address within a day, so that nobody can flood an address. */
export const confirmationsOfAddressMax = 5
/** Requests for confirmation that the farm sends within an hour. */
export const confirmationsAnHourMax = 100
/** The farm deletes a subscription that nobody confirmed within this time. */
export const confirmSecondsMax = 3 * 86_400
/** The farm deletes a subscription if the mail server refused its address this many times without a delivery between. */
export const refusalsMax = 5

/** What a person follows. Without a host: a project. */
export interface Followed {
  /** Null: all projects. */
  project: string | null
  /** Null: the branches that the project names. */
  branch: string | null
  host: string | null
  arch: string | null
  variant: string | null
  events: string[]
}

/** The key of the channel of one subscription. */
export const subscriptionChannel = (id: number): string => `subscription:${id}`
export const subscriptionOfChannel = (channel: string): number | undefined =>
  Number(/^subscription:(\d{1,10})$/.exec(channel)?.[1] ?? Number.NaN) || undefined

/** The events that a person can choose. A host has no builds, and a project has no silent hosts. */
export const eventsOf = ({ host, arch, variant }: Pick<Followed, 'host' | 'arch' | 'variant'>): NotifyEvent[] =>
  notifyEvents.filter(event => {
    if (host === null) return event !== 'host-silent'
    return event === 'host-silent' ? arch === null && variant === null : !['build', 'still-failing'].includes(event)
  })

/** One form of each address, so that the limits count an address once. */
export const normalAddress = (text: string): string => text.trim().toLowerCase()

/** Says what is wrong with a request; undefined if nothing is wrong. */
export function requestProblem(address: string, followed: Followed): string | undefined {
  const problem = addressProblem(address)
  if (problem !== null) return `The farm cannot send mail to this address: ${problem}.`
  if (followed.events.length === 0) return 'Choose at least one event.'
  const allowed: readonly string[] = eventsOf(followed)
  const unknown = followed.events.find(event => !allowed.includes(event))
  if (unknown !== undefined) return `The event ${unknown} cannot be chosen here.`
  if (followed.branch !== null && followed.branch.length > 500) return 'The branch has more than 500 characters.'
  return undefined
}
