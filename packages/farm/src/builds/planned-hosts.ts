import type { OwnerRule } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'
import type { PlannedHost } from './plan.rule.ts'

/** The present hosts of the farm, the arches that they can build for, and the rules of their owners. */
export async function plannedHosts({ db }: Pick<Context, 'db'>): Promise<PlannedHost[]> {
  const hosts = await db.models.host.findMany({
    where: { removedAt: null },
    select: {
      id: true,
      name: true,
      rules: true,
      arches: { where: { unable: null }, select: { arch: true }, orderBy: { arch: 'asc' } },
    },
    orderBy: { name: 'asc' },
  })
  return hosts.map(({ arches, rules, ...host }) => ({
    ...host,
    rules: rules as unknown as OwnerRule[],
    arches: arches.map(({ arch }) => arch),
  }))
}
