import type { Tx } from '../db/transaction.ts'
import type { BisectionRow } from './rows.ts'

/**
 * The hosts that can run a probe instead of the host of the search: they have the same system, arch, compiler and C
 * library, and the failure of the bisection. `idle`: the host is here and has no job at all, so the probe delays nobody.
 */
export async function equalHosts(
  tx: Pick<Tx, 'query'>,
  { id, hostId, arch, variant }: BisectionRow,
): Promise<{ id: number; idle: boolean }[]> {
  return tx.query<{ id: number; idle: boolean }>`
    SELECT host."id", host."pausedAt" IS NULL AND host."silentSince" IS NULL AND host."awaySince" IS NULL AND host."refusal" IS NULL
           AND NOT EXISTS (SELECT FROM "OpenAttempt" WHERE "hostId" = host."id")
           AND NOT EXISTS (SELECT FROM "Probe" WHERE "hostId" = host."id" AND "purpose" IS NOT NULL AND "verdict" IS NULL) AS "idle"
      FROM "BisectionCell" cell JOIN "Host" host ON host."id" = cell."hostId"
      JOIN "HostArch" known ON known."hostId" = host."id" AND known."arch" = cell."arch"
      JOIN "Host" own ON own."id" = ${hostId}
      JOIN "HostArch" wanted ON wanted."hostId" = own."id" AND wanted."arch" = cell."arch"
     WHERE cell."bisectionId" = ${id} AND cell."number" > 0 AND cell."arch" = ${arch} AND cell."variant" = ${variant}
       AND host."id" <> own."id" AND host."removedAt" IS NULL AND known."unable" IS NULL
       AND known."kind" = wanted."kind" AND known."compiler" = wanted."compiler" AND wanted."compiler" <> ''
       AND own."facts"->>'uname_s' IS NOT NULL
       AND (host."facts"->>'uname_s', host."facts"->>'uname_r', host."facts"->>'uname_m', host."facts"->>'libc')
           IS NOT DISTINCT FROM (own."facts"->>'uname_s', own."facts"->>'uname_r', own."facts"->>'uname_m', own."facts"->>'libc')
     ORDER BY cell."number"`
}
