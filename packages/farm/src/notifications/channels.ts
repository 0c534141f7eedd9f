import type { NotifyRule, NotifyTarget, ProjectConfig } from '@rumpfarm/contracts'
import { hash } from '../clock.ts'
import type { Tx } from '../db/transaction.ts'
import { type ChannelRule, labelOf } from './channels.rule.ts'
import { subscriptionChannel, subscriptionsMax } from './subscriptions.rule.ts'

interface ChannelRow {
  key: string
  kind: string
  label: string
  target: NotifyTarget
  rules: ChannelRule[]
}

/** Equal addresses of several lists are one channel, so that it receives one message about a change. */
export const channelKey = (target: NotifyTarget): string => hash(JSON.stringify(target)).slice(0, 24)

/** Makes the channels of a checked farm.yaml active. A channel that left the file stays, for the list of its messages. */
export async function storeChannels(tx: Tx, projects: readonly ProjectConfig[], farmWide: readonly NotifyRule[]) {
  const rows = new Map<string, ChannelRow>()
  const add = (project: string | null, { target, events, branches }: NotifyRule) => {
    const key = channelKey(target)
    const row = rows.get(key) ?? { key, kind: target.kind, label: labelOf(target), target, rules: [] }
    row.rules.push({ project, events, branches: branches ?? null })
    rows.set(key, row)
  }
  for (const rule of farmWide) add(null, rule)
  for (const project of projects) for (const rule of project.notify ?? []) add(project.name, rule)
  await tx.execute`
    INSERT INTO "Channel" ("key", "kind", "label", "target", "rules")
    SELECT "key", "kind", "label", "target", "rules"
      FROM jsonb_to_recordset(${JSON.stringify([...rows.values()])}::jsonb)
        AS new("key" text, "kind" text, "label" text, "target" jsonb, "rules" jsonb)
    ON CONFLICT ("key") DO UPDATE SET "rules" = EXCLUDED."rules", "label" = EXCLUDED."label", "removedAt" = NULL`
  await tx.execute`
    UPDATE "Channel" SET "removedAt" = ${tx.now()} WHERE "removedAt" IS NULL AND "key" <> ALL(${[...rows.keys()]})`
}

export interface ActiveChannel {
  key: string
  kind: string
  rules: ChannelRule[]
}

/** The channels that want messages about one of these events: at most those of farm.yaml, and `subscriptionsMax`. */
export async function activeChannels(tx: Tx, events: readonly string[]): Promise<ActiveChannel[]> {
  const channels = await tx.query<ActiveChannel>`
    SELECT "key", "kind", "rules" FROM "Channel" WHERE "removedAt" IS NULL AND "disabledAt" IS NULL`
  return [...channels, ...(await subscribers(tx, events))]
}

interface SubscriberRow {
  id: number
  projectName: string | null
  branch: string | null
  hostId: number | null
  arch: string | null
  variant: string | null
  events: string[]
}

async function subscribers(tx: Tx, events: readonly string[]): Promise<ActiveChannel[]> {
  const wanted = events.map(event => (event === 'host-back' ? 'host-silent' : event))
  const rows = await tx.query<SubscriberRow>`
    SELECT "id", "projectName", "branch", "hostId", "arch", "variant", "events" FROM "Subscription"
     WHERE "confirmedAt" IS NOT NULL AND "events" && ${wanted}::text[] LIMIT ${subscriptionsMax}`
  return rows.map(({ id, projectName, branch, hostId, arch, variant, events: own }) => ({
    key: subscriptionChannel(id),
    kind: 'subscription',
    rules: [
      {
        project: projectName,
        events: own,
        branches: branch === null ? null : [branch],
        ...(hostId === null ? {} : { cell: { hostId, arch, variant } }),
      },
    ],
  }))
}

/** Whether a channel or a person wants messages about this event. */
export async function isWanted(tx: Tx, event: string): Promise<boolean> {
  const wanted = await tx.query`
    SELECT FROM "Channel" WHERE "removedAt" IS NULL AND "disabledAt" IS NULL
       AND "rules" @? format('$[*].events[*] ? (@ == "%s")', ${event}::text)::jsonpath
    UNION ALL
    SELECT FROM "Subscription" WHERE "confirmedAt" IS NOT NULL AND "events" && ARRAY[${event}::text] LIMIT 1`
  return wanted.length > 0
}
