import type { HostFacts } from '@rumpfarm/contracts'
import type { Context } from '../context.ts'

/** The stable facts of a host from this time until the next change. */
export interface FactsChange {
  since: Date
  facts: HostFacts
}

const changesMax = 50

/** The newest changes of a host's stable facts, newest first. */
export async function factsHistory({ db }: Context, hostId: number): Promise<FactsChange[]> {
  const rows = await db.models.hostFacts.findMany({
    where: { hostId },
    select: { since: true, facts: true },
    orderBy: [{ since: 'desc' }, { id: 'desc' }],
    take: changesMax,
  })
  return rows.map(({ since, facts }) => ({ since, facts: facts as HostFacts }))
}
