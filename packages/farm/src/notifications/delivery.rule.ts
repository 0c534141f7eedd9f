import type { NotificationEvent } from './channels.rule.ts'

/** A row of the outbox that a server may send now. */
export interface DueRow {
  id: number
  event: NotificationEvent
  projectName: string | null
  branch: string | null
  channel: string
  bundle: number | null
  tries: number
}

/** The rows of one message. */
export interface Group<Row> {
  rows: Row[]
  /** The smallest id, if the message summarises several rows. */
  bundle: number | null
}

/** More messages of one project and branch for one channel become one message. */
export const separateMax = 5

/**
 * Puts due rows together to messages. Rows that a failed try has put together stay together, so that the repeated
 * message has the same id and the same text.
 */
export function groupRows<Row extends DueRow>(rows: readonly Row[]): Group<Row>[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const others = groups.get(key)
    if (others) others.push(row)
    else groups.set(key, [row])
  }
  return [...groups.values()].flatMap((group): Group<Row>[] => {
    const first = group[0] as Row
    if (first.bundle !== null) return [{ rows: group, bundle: first.bundle }]
    if (group.length > separateMax) return [{ rows: group, bundle: Math.min(...group.map(({ id }) => id)) }]
    return group.map(row => ({ rows: [row], bundle: null }))
  })
}

const keyOf = ({ id, bundle, channel, projectName, branch, tries }: DueRow): string => {
  if (bundle !== null) return JSON.stringify(['bundle', channel, bundle])
  // A row that was sent alone before is sent alone again.
  return JSON.stringify(tries > 0 || projectName === null ? ['row', id] : ['branch', channel, projectName, branch])
}

/**
 * Seconds between two tries; the last value repeats. The first wait is longer than the time limits of one message and of
 * one run of the task, so that no second server sends a message while the first try is running.
 */
export const waitsSeconds = [120, 300, 600, 1200, 3600, 7200]
/** After this time without success, the farm gives up a message. */
export const giveUpSeconds = 86_400

/** The identifier of a message. It is the same at each try. The time makes it unique among several farms. */
export const messageId = (kind: 'notification' | 'bundle', id: number, createdAt: Date): string =>
  `${kind}-${id}-${createdAt.getTime()}`
