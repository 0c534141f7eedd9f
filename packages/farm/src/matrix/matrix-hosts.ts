import type { Context } from '../context.ts'
import { presence, systemLine } from '../hosts/presence.rule.ts'
import { refusalOf } from '../hosts/refusal.rule.ts'
import type { MatrixHost } from './matrix.rule.ts'
import { systemOf } from './systems.rule.ts'

interface HostRow {
  name: string
  facts: Record<string, unknown>
  lastSeenAt: Date
  silentSince: Date | null
  awaySince: Date | null
  pausedAt: Date | null
  refusal: string | null
  agentVersion: string
  arches: MatrixHost['arches']
  rules: MatrixHost['rules']
}

/** All hosts that are not removed, in the order of their names. */
export async function matrixHosts({ db, settings }: Context): Promise<MatrixHost[]> {
  const rows = await db.query<HostRow>`
    SELECT "name", "facts", "lastSeenAt", "silentSince", "awaySince", "pausedAt", "refusal", "agentVersion", "rules",
           COALESCE(declared."arches", '[]') AS "arches"
      FROM "Host" LEFT JOIN (
             SELECT "hostId", json_agg(json_build_object('arch', "arch", 'kind', "kind", 'compiler', "compiler",
                                                         'unable', "unable") ORDER BY "arch") AS "arches"
               FROM "HostArch" GROUP BY "hostId") declared ON declared."hostId" = "Host"."id"
     WHERE "removedAt" IS NULL ORDER BY "name"`
  return rows.map(host => ({
    name: host.name,
    system: systemLine(host.facts),
    ...systemOf(host.facts),
    presence: presence(host),
    lastSeenAt: host.lastSeenAt,
    refusal: refusalOf(host, settings.agentVersionMin).refusal,
    arches: host.arches,
    rules: host.rules,
  }))
}
