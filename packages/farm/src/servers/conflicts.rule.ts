/** What every server of a farm must have in common, and what names it in messages. */
export interface ServerFacts {
  /** A new random name for each process. */
  id: string
  /** The machine and the port, for people. */
  name: string
  /** The newest migration that this server knows. */
  migration: string
  /** Where BullMQ keeps the queues. */
  queues: 'redis' | 'postgres'
  /** The store of logs, artifacts and sources. Equal names are the same store. */
  storage: string
  /** A checksum of FARM_SECRET, from which nobody can compute the secret. */
  secretSum: string
}

type Compared = Pick<ServerFacts, 'name' | 'queues' | 'storage' | 'secretSum'>

/** Why a server must not run beside another one: one sentence for each difference, for the operator. */
export function conflictsOf(own: Compared, other: Compared): string[] {
  const conflicts: string[] = []
  if (own.secretSum !== other.secretSum)
    conflicts.push(
      `its FARM_SECRET is not that of ${other.name}: give all servers the same FARM_SECRET, or the same data directory`,
    )
  if (own.queues !== other.queues) {
    const [has, lacks] = own.queues === 'redis' ? ['this server', other.name] : [other.name, 'this server']
    conflicts.push(`${has} has a REDIS_URL and ${lacks} has none: give all servers the same REDIS_URL, or none`)
  }
  if (own.storage !== other.storage)
    conflicts.push(
      `its storage is not that of ${other.name}: servers share one data directory (RUMPFARM_DATA) or one bucket`,
    )
  return conflicts
}
