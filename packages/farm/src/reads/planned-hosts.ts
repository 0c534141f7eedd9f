import type { Ground } from '../ground.ts'
import type { PlannedHost } from '../rules/plan.ts'

/** The hosts of today and what they build for. */
export async function plannedHosts({ db }: Pick<Ground, 'db'>): Promise<PlannedHost[]> {
  const hosts = await db.host.findMany({
    where: { removedAt: null },
    select: { id: true, name: true, arches: { select: { arch: true }, orderBy: { arch: 'asc' } } },
    orderBy: { name: 'asc' },
  })
  return hosts.map(({ id, name, arches }) => ({ id, name, arches: arches.map(({ arch }) => arch) }))
}
