import type { NotifyTarget } from '@rumpfarm/contracts'
import { matcher } from '../projects/patterns.rule.ts'

export type NotificationEvent =
  | 'newly-failing'
  | 'fixed'
  | 'still-failing'
  | 'build'
  | 'bisected'
  | 'host-silent'
  | 'host-back'
  | 'test'
  /** A request to confirm a subscription. */
  | 'confirm'

/** The channel of the author of one commit: this prefix and the commit. */
export const authorsChannel = 'authors:'

/** Which messages a channel wants. */
export interface ChannelRule {
  /** Null for the list of the whole farm. */
  project: string | null
  events: string[]
  /** Null: the branches that the project names. */
  branches: string[] | null
  /** Only changes of this host, or of this cell of it. Absent: all hosts. */
  cell?: { hostId: number; arch: string | null; variant: string | null }
}

export interface ChangedCell {
  hostId: number
  arch: string
  variant: string
}

/** The parts of a change that decide who receives a message about it. */
export interface Addressed {
  event: NotificationEvent
  project: string | null
  branch: string | null
  hostId?: number
  /** The cells that joined a problem, that passed, or that a bisection searched. */
  cells?: readonly ChangedCell[]
}

/** Whether a rule wants a message about the change. A channel that wants silent hosts also wants their return. */
export function wants(rule: ChannelRule, change: Addressed, projectBranches: readonly string[]): boolean {
  const event = change.event === 'host-back' ? 'host-silent' : change.event
  if (!rule.events.includes(event) || !concerns(rule.cell, change)) return false
  if (change.project === null) return rule.project === null
  if (rule.project !== null && rule.project !== change.project) return false
  return change.branch === null || matcher(rule.branches ?? projectBranches)(change.branch)
}

function concerns(cell: ChannelRule['cell'], { hostId, cells = [] }: Addressed): boolean {
  if (!cell) return true
  if (hostId !== undefined) return cell.hostId === hostId && cell.arch === null && cell.variant === null
  return cells.some(
    changed =>
      changed.hostId === cell.hostId &&
      (cell.arch === null || cell.arch === changed.arch) &&
      (cell.variant === null || cell.variant === changed.variant),
  )
}

/** The address for pages. The path of a web address is often a secret, so the label has only its origin. */
export function labelOf(target: NotifyTarget): string {
  switch (target.kind) {
    case 'mail':
      return target.to.join(', ')
    case 'authors':
      return 'authors of the commits'
    case 'irc':
      return `${target.channel} on ${target.server}`
    case 'matrix':
      return `${target.room} on ${originOf(target.homeserver)}`
    default:
      return originOf(target.url)
  }
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url)
