import { later } from '../clock.ts'
import type { Tx } from '../db/transaction.ts'
import { type Addressed, authorsChannel, wants } from './channels.rule.ts'
import { type ActiveChannel, activeChannels } from './channels.ts'

/** A change of the farm's state that people can receive a message about. */
export interface Change extends Addressed {
  /** The unique name of the change, for example `problem:12:opened`. */
  subject: string
  /** The messages of one thread go to each channel in their order. */
  thread: string
  problemId?: number | null
  buildId?: number
  bisectionId?: number
  /** The first bad commit that was built. Its author can receive a message. */
  commit?: string
  /** Facts that no other table keeps. */
  data?: object
  /** Further channels, which are not in farm.yaml: the owner of a host. */
  also?: string[]
  /** Whether the message waits `notify-after`, so that it names all cells. */
  waits: boolean
}

/**
 * Writes one row for each channel that wants a message about these changes, in the transaction that changes the state.
 * So the state never changes without the row, and never has two rows for one change and channel.
 */
export async function announce(tx: Tx, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return
  const channels = await activeChannels(tx, [...new Set(changes.map(({ event }) => event))])
  const branches = await branchesOf(tx, changes)
  const rows = changes.flatMap(({ also = [], data = {}, cells = [], ...change }) => {
    const own = branches.get(change.project ?? '') ?? []
    const wanted = channels
      .filter(({ rules }) => rules.some(rule => wants(rule, { ...change, cells }, own)))
      .flatMap(channel => channelOf(channel, change.commit) ?? [])
    return [...wanted, ...also].map(channel => ({ ...change, data, channel }))
  })
  if (rows.length === 0) return
  await tx.execute`
    INSERT INTO "Notification" ("event", "projectName", "branch", "problemId", "buildId", "bisectionId", "hostId", "subject",
           "channel", "thread", "data", "createdAt", "nextAt")
    SELECT "event", "project", "branch", "problemId", "buildId", "bisectionId", "hostId", "subject", "channel", "thread", "data",
           ${tx.now()}, ${tx.now()}::timestamptz + make_interval(secs => CASE WHEN "waits" THEN
             COALESCE((SELECT "notifyAfterSeconds" FROM "Configuration" WHERE "id" = 1), 0) ELSE 0 END)
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        AS new("event" text, "project" text, "branch" text, "problemId" int, "buildId" int, "bisectionId" int, "hostId" int,
               "subject" text, "channel" text, "thread" text, "data" jsonb, "waits" boolean)
    ON CONFLICT ("subject", "channel") DO NOTHING`
  const waits = rows.every(row => row.waits)
  tx.emit({ kind: 'notifications-due', at: later(tx.now(), waits ? await notifyAfter(tx) : 0) })
}

/** The messages to the author of one commit are a channel of their own, so that no message has two authors. */
const channelOf = ({ key, kind }: ActiveChannel, commit: string | undefined): string | undefined =>
  kind !== 'authors' ? key : commit === undefined ? undefined : `${authorsChannel}${commit}`

async function notifyAfter(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ seconds: number }>`
    SELECT "notifyAfterSeconds" AS "seconds" FROM "Configuration" WHERE "id" = 1`
  return row?.seconds ?? 0
}

async function branchesOf(tx: Tx, changes: readonly Change[]): Promise<Map<string, string[]>> {
  const names = [...new Set(changes.flatMap(({ project }) => project ?? []))]
  if (names.length === 0) return new Map()
  const rows = await tx.query<{ name: string; branches: string[] }>`
    SELECT "name", "config" -> 'branches' AS "branches" FROM "Project" WHERE "name" = ANY(${names})`
  return new Map(rows.map(({ name, branches }) => [name, branches]))
}
