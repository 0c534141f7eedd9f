import type { ArchKind, HostFacts } from '@rumpfarm/contracts'
import { later } from '../clock.ts'
import type { Ground } from '../ground.ts'

export interface DeclaredArch {
  arch: string
  kind: ArchKind
  compiler: string
}

export interface Hello {
  hostId: number
  instance: string
  previous?: string | undefined
  slots: number
  version: string
  facts: HostFacts
  arches: DeclaredArch[]
}

export type HelloOutcome = { kind: 'welcome' } | { kind: 'other-instance'; lastSeenAt: Date }

/**
 * An agent process starts, or says anew what its host is. Hosts of one name never run twice at once: a process that does
 * not name the present one as its predecessor must wait until that one has been silent for a lease.
 */
export async function hello(ground: Ground, wish: Hello): Promise<HelloOutcome> {
  const { db, now, settings } = ground
  const at = now()
  const outcome = await db.$transaction(async tx => {
    const instances = [wish.instance, ...(wish.previous === undefined ? [] : [wish.previous])]
    const taken = await tx.host.updateMany({
      where: {
        id: wish.hostId,
        OR: [
          { instance: null },
          { instance: { in: instances } },
          { awaySince: { not: null } },
          { lastSeenAt: { lt: later(at, -settings.leaseSeconds) } },
        ],
      },
      data: {
        instance: wish.instance,
        lastSeenAt: at,
        awaySince: null,
        agentVersion: wish.version,
        facts: wish.facts,
        slots: wish.slots,
      },
    })
    if (taken.count === 0) return { kind: 'other-instance' } as const
    await tx.hostArch.deleteMany({ where: { hostId: wish.hostId } })
    await tx.hostArch.createMany({ data: wish.arches.map(arch => ({ hostId: wish.hostId, ...arch })) })
    return { kind: 'welcome' } as const
  })
  ground.announce({ kind: 'host', hostId: wish.hostId })
  if (outcome.kind === 'welcome') return outcome
  const host = await db.host.findUniqueOrThrow({ where: { id: wish.hostId }, select: { lastSeenAt: true } })
  return { kind: 'other-instance', lastSeenAt: host.lastSeenAt }
}

/** An orderly stop: the host is away, which is not the same as silent. */
export async function bye(ground: Ground, hostId: number, instance: string): Promise<void> {
  const { db, now } = ground
  await db.host.updateMany({ where: { id: hostId, instance }, data: { awaySince: now(), lastSeenAt: now() } })
  ground.announce({ kind: 'host', hostId })
}
