import type { ArchKind, HostFacts, OwnerRule } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import { isSlow, usualJobMs } from '../queue/slow-host.rule.ts'
import { type Presence, presence, systemLine } from './presence.rule.ts'
import { type RefusalCode, refusalOf } from './refusal.rule.ts'

export interface HostView {
  name: string
  system: string
  presence: Presence
  lastSeenAt: Date
  /** When a silent host was last seen; null if the host is not silent. */
  silentSince: Date | null
  /** Whether the farm sends an alert when the host becomes silent. */
  alerted: boolean
  awaySince: Date | null
  enrolledAt: Date
  pausedAt: Date | null
  /** Why the host gets no jobs now: the farm's reason or, without one, the host's reason. */
  refusal: string | null
  refusalCode: RefusalCode | null
  diskFreeMb: number | null
  agentVersion: string
  /** The version that the agent could not install, and why the agent could not install it. */
  updateFailed: string | null
  slots: number
  /** The median duration of the newest jobs in milliseconds; null if the host ran too few. */
  usualJobMs: number | null
  /** Whether this median is long, so that waiting builds of the same cell and branch are coalesced by default. */
  slow: boolean
  facts: HostFacts
  /** `unable` is the reason why the host cannot build for the arch now. */
  arches: { arch: string; kind: ArchKind; compiler: string; unable: string | null }[]
  /** The rules of the host's owner; without rules everything is allowed. */
  rules: OwnerRule[]
}

/** Hosts in the order of their names, after `after`. */
export const listHosts = (
  context: Context,
  { after, text, limit }: { after?: string | undefined; text?: string | undefined; limit: number },
): Promise<HostView[]> =>
  hostsWhere(
    context,
    {
      ...(after === undefined ? {} : { name: { gt: after } }),
      ...(text === undefined || text === '' ? {} : { OR: searched(text) }),
    },
    limit,
  )

/** A farm has at most some thousand hosts, so the search may read all of them. */
function searched(text: string) {
  const plain = text.replace(/[\\%_]/g, '\\$&') // Prisma passes % and _ to LIKE
  return [
    { name: { contains: plain, mode: 'insensitive' } },
    { facts: { path: ['uname_s'], string_contains: plain, mode: 'insensitive' } },
  ]
}

async function hostsWhere({ db, settings }: Context, where: object, limit: number): Promise<HostView[]> {
  const hosts = await db.models.host.findMany({
    where: { removedAt: null, ...where },
    include: { arches: { orderBy: { arch: 'asc' } } },
    orderBy: { name: 'asc' },
    take: limit,
  })
  return hosts.map(host => ({
    name: host.name,
    system: systemLine(host.facts as HostFacts),
    presence: presence(host),
    lastSeenAt: host.lastSeenAt,
    silentSince: presence(host) === 'silent' ? host.silentSince : null,
    alerted: host.alertUrl !== null || host.alertMail !== null,
    awaySince: host.awaySince,
    enrolledAt: host.enrolledAt,
    pausedAt: host.pausedAt,
    ...refusalOf(host, settings.agentVersionMin),
    diskFreeMb: host.diskFreeMb,
    agentVersion: host.agentVersion,
    updateFailed: (host.facts as HostFacts).update_failed ?? null,
    slots: host.slots,
    usualJobMs: usualJobMs(host.recentJobMs),
    slow: isSlow(usualJobMs(host.recentJobMs)),
    facts: host.facts as HostFacts,
    arches: host.arches.map(({ arch, kind, compiler, unable }) => ({ arch, kind: kind as ArchKind, compiler, unable })),
    rules: host.rules as unknown as OwnerRule[],
  }))
}

export async function findHost(context: Context, name: string): Promise<HostView | undefined> {
  const [view] = await hostsWhere(context, { name }, 1)
  return view
}
