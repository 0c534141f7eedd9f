import { hash } from '../clock.ts'
import type { Context } from '../context.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { ImportedHost } from './history.ts'

export type ImportOutcome = { kind: 'imported' } | { kind: 'not-empty'; hosts: number; builds: number }

/**
 * Adds the hosts of a history, if the farm has neither hosts nor builds. The hosts get credentials that nobody knows, so
 * no agent can use them.
 */
export const importHosts = (context: Context, hosts: readonly ImportedHost[]): Promise<ImportOutcome> =>
  inTransaction(context, async (tx): Promise<ImportOutcome> => {
    await tx.query`SELECT pg_advisory_xact_lock(hashtextextended('import', 0))::text`
    const known = await countRows(tx)
    if (known.hosts + known.builds > 0) return { kind: 'not-empty', ...known }
    await insertHosts(context, tx, hosts)
    await insertArches(tx, hosts)
    await insertFacts(tx, hosts)
    return { kind: 'imported' }
  })

async function countRows(tx: Tx): Promise<{ hosts: number; builds: number }> {
  const [row] = await tx.query<{ hosts: number; builds: number }>`
    SELECT (SELECT count(*)::int FROM "Host") AS "hosts", (SELECT count(*)::int FROM "Build") AS "builds"`
  return row ?? { hosts: 0, builds: 0 }
}

const insertHosts = ({ random }: Context, tx: Tx, hosts: readonly ImportedHost[]) => {
  const rows = hosts.map(host => ({ ...host, credentialHash: hash(random()), facts: host.facts.at(-1)?.facts ?? {} }))
  return tx.execute`
    INSERT INTO "Host" ("id", "name", "credentialHash", "facts", "slots", "agentVersion", "instance", "enrolledAt",
                        "lastSeenAt", "silentSince", "pausedAt")
    SELECT "id", "name", "credentialHash", "facts", "slots", "version", 'imported', "enrolledAt",
           "lastSeenAt", "silentSince", "pausedAt"
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS host(
        "id" int, "name" text, "credentialHash" text, "facts" jsonb, "slots" int, "version" text, "enrolledAt" timestamptz,
        "lastSeenAt" timestamptz, "silentSince" timestamptz, "pausedAt" timestamptz)`
}

const insertArches = (tx: Tx, hosts: readonly ImportedHost[]) => {
  const rows = hosts.flatMap(({ id, arches }) => arches.map(arch => ({ hostId: id, ...arch })))
  return tx.execute`
    INSERT INTO "HostArch" ("hostId", "arch", "kind", "compiler", "unable")
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS declared("hostId" int, "arch" text, "kind" text, "compiler" text, "unable" text)`
}

const insertFacts = (tx: Tx, hosts: readonly ImportedHost[]) => {
  const rows = hosts.flatMap(({ id, facts }) => facts.map(change => ({ hostId: id, ...change })))
  return tx.execute`
    INSERT INTO "HostFacts" ("hostId", "since", "facts")
    SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS change("hostId" int, "since" timestamptz, "facts" jsonb)`
}
